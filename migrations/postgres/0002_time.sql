-- What time needs: schedules, retention, discovery, alerts, health, and the clock's mark.
-- What stands already is due at once (time 0), so that it is looked at once and gets its next moment.

ALTER TABLE items ADD COLUMN track JSONB NOT NULL DEFAULT '{}';
ALTER TABLE items ADD COLUMN reap_at BIGINT;
ALTER TABLE items ADD COLUMN watch_at BIGINT;
UPDATE items SET reap_at = 0;
UPDATE items SET watch_at = 0 WHERE policy_id IS NOT NULL;
CREATE INDEX items_reap ON items (reap_at, id) WHERE reap_at IS NOT NULL;
CREATE INDEX items_watch ON items (watch_at, id) WHERE watch_at IS NOT NULL;

ALTER TABLE containers ADD COLUMN discover_at BIGINT;
UPDATE containers SET discover_at = 0 WHERE registration = 'Registered';
CREATE INDEX containers_discover ON containers (discover_at, id) WHERE discover_at IS NOT NULL AND registration = 'Registered';

ALTER TABLE agents ADD COLUMN schedule_revision TEXT;
ALTER TABLE agents ADD COLUMN schedule_acked_at BIGINT;

-- `link`: of the facts, what the chain is made of, in one line; all points of an item are read with it
-- and without their facts.
ALTER TABLE recovery_points ADD COLUMN deleted_at BIGINT;
ALTER TABLE recovery_points ADD COLUMN purge_at BIGINT;
ALTER TABLE recovery_points ADD COLUMN link TEXT NOT NULL DEFAULT '';
UPDATE recovery_points SET link =
    (facts ->> 'startedAt') || ' ' || (facts ->> 'consistentAt') || ' ' ||
    (facts ->> 'firstLsn') || ' ' || (facts ->> 'lastLsn') || ' ' ||
    (facts ->> 'checkpointLsn') || ' ' || (facts ->> 'databaseBackupLsn') || ' ' ||
    (facts ->> 'recoveryFork') || ' ' || (facts ->> 'recoveryModel') || ' ' ||
    CASE WHEN (facts ->> 'bulkLogged')::boolean THEN 'bulk' ELSE 'plain' END;
CREATE INDEX recovery_points_kind ON recovery_points (item_id, kind, point_at, name);
-- Logs are many and no list shows them.
CREATE INDEX recovery_points_shown ON recovery_points (item_id, point_at, name) WHERE kind <> 'Log';

-- An alert outlives its item.
CREATE TABLE alerts (
    id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    item_id UUID,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT,
    message TEXT NOT NULL,
    job_id UUID,
    fired_at BIGINT NOT NULL,
    resolved_at BIGINT
);
CREATE INDEX alerts_list ON alerts (vault_id, fired_at, id);
CREATE INDEX alerts_active ON alerts (vault_id, fired_at, id) WHERE resolved_at IS NULL;
CREATE INDEX alerts_subject ON alerts (vault_id, kind, item_id, fired_at, id) WHERE resolved_at IS NULL;
CREATE INDEX alerts_age ON alerts (fired_at, id);

CREATE TABLE health_events (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vault_id UUID NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    item_id UUID NOT NULL,
    job_id UUID,
    metric TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT,
    event_at BIGINT NOT NULL
);
CREATE INDEX health_events_list ON health_events (vault_id, metric, event_at, seq);
CREATE INDEX health_events_age ON health_events (event_at, seq);

CREATE TABLE clock_mark (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    marked_at BIGINT NOT NULL
);

-- What has ended, for the pruning.
CREATE INDEX agent_commands_done ON agent_commands (created_at, id) WHERE state = 'Done';
CREATE INDEX jobs_ended ON jobs (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX operations_ended ON operations (ended_at, id) WHERE ended_at IS NOT NULL;
