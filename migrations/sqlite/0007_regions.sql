-- Copies of backup sets in the secondary region. A copy outlives its set until its objects are deleted there.

CREATE TABLE replicas (
    set_id BLOB NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL,
    item_id BLOB NOT NULL,
    state TEXT NOT NULL,
    next_stream INTEGER NOT NULL,
    next_seq INTEGER NOT NULL,
    visible_at INTEGER
) STRICT;
-- What is to be done when a server starts.
CREATE INDEX replicas_unsettled ON replicas (set_id) WHERE state IN ('Pending', 'Doomed');
