-- Copies of backup sets in the secondary region. A copy outlives its set until its objects are deleted there.

CREATE TABLE replicas (
    set_id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL,
    item_id UUID NOT NULL,
    state TEXT NOT NULL,
    next_stream BIGINT NOT NULL,
    next_seq BIGINT NOT NULL,
    visible_at BIGINT
);
-- What is to be done when a server starts.
CREATE INDEX replicas_unsettled ON replicas (set_id) WHERE state IN ('Pending', 'Doomed');
