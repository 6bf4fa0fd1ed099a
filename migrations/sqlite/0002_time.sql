-- What time needs: schedules, retention, discovery, alerts, health, and the clock's mark.
-- What stands already is due at once (time 0), so that it is looked at once and gets its next moment.

ALTER TABLE items ADD COLUMN track TEXT NOT NULL DEFAULT '{}';
ALTER TABLE items ADD COLUMN reap_at INTEGER;
ALTER TABLE items ADD COLUMN watch_at INTEGER;
UPDATE items SET reap_at = 0;
UPDATE items SET watch_at = 0 WHERE policy_id IS NOT NULL;
CREATE INDEX items_reap ON items (reap_at, id) WHERE reap_at IS NOT NULL;
CREATE INDEX items_watch ON items (watch_at, id) WHERE watch_at IS NOT NULL;

ALTER TABLE containers ADD COLUMN discover_at INTEGER;
UPDATE containers SET discover_at = 0 WHERE registration = 'Registered';
CREATE INDEX containers_discover ON containers (discover_at, id) WHERE discover_at IS NOT NULL AND registration = 'Registered';

ALTER TABLE agents ADD COLUMN schedule_revision TEXT;
ALTER TABLE agents ADD COLUMN schedule_acked_at INTEGER;

-- `link`: of the facts, what the chain is made of, in one line; all points of an item are read with it
-- and without their facts.
ALTER TABLE recovery_points ADD COLUMN deleted_at INTEGER;
ALTER TABLE recovery_points ADD COLUMN purge_at INTEGER;
ALTER TABLE recovery_points ADD COLUMN link TEXT NOT NULL DEFAULT '';
UPDATE recovery_points SET link =
    json_extract(facts, '$.startedAt') || ' ' || json_extract(facts, '$.consistentAt') || ' ' ||
    json_extract(facts, '$.firstLsn') || ' ' || json_extract(facts, '$.lastLsn') || ' ' ||
    json_extract(facts, '$.checkpointLsn') || ' ' || json_extract(facts, '$.databaseBackupLsn') || ' ' ||
    json_extract(facts, '$.recoveryFork') || ' ' || json_extract(facts, '$.recoveryModel') || ' ' ||
    CASE WHEN json_extract(facts, '$.bulkLogged') THEN 'bulk' ELSE 'plain' END;
CREATE INDEX recovery_points_kind ON recovery_points (item_id, kind, point_at, name);
-- Logs are many and no list shows them.
CREATE INDEX recovery_points_shown ON recovery_points (item_id, point_at, name) WHERE kind <> 'Log';

-- An alert outlives its item.
CREATE TABLE alerts (
    id BLOB NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    item_id BLOB,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT,
    message TEXT NOT NULL,
    job_id BLOB,
    fired_at INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;
CREATE INDEX alerts_list ON alerts (vault_id, fired_at, id);
CREATE INDEX alerts_active ON alerts (vault_id, fired_at, id) WHERE resolved_at IS NULL;
CREATE INDEX alerts_subject ON alerts (vault_id, kind, item_id, fired_at, id) WHERE resolved_at IS NULL;
CREATE INDEX alerts_age ON alerts (fired_at, id);

CREATE TABLE health_events (
    seq INTEGER NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    item_id BLOB NOT NULL,
    job_id BLOB,
    metric TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT,
    event_at INTEGER NOT NULL
) STRICT;
CREATE INDEX health_events_list ON health_events (vault_id, metric, event_at, seq);
CREATE INDEX health_events_age ON health_events (event_at, seq);

CREATE TABLE clock_mark (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    marked_at INTEGER NOT NULL
) STRICT;

-- What has ended, for the pruning.
CREATE INDEX agent_commands_done ON agent_commands (created_at, id) WHERE state = 'Done';
CREATE INDEX jobs_ended ON jobs (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX operations_ended ON operations (ended_at, id) WHERE ended_at IS NOT NULL;
