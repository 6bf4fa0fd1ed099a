-- The archive tier: where a point counts as being, since when, until when, and the job that is changing it.
ALTER TABLE recovery_points ADD COLUMN tier TEXT NOT NULL DEFAULT 'Standard';
ALTER TABLE recovery_points ADD COLUMN archived_at INTEGER;
ALTER TABLE recovery_points ADD COLUMN tier_until INTEGER;
ALTER TABLE recovery_points ADD COLUMN tier_job BLOB;
CREATE INDEX recovery_points_tiered ON recovery_points (item_id, name) WHERE tier <> 'Standard';

-- Exports of jobs go with the operation that made them.
CREATE TABLE job_exports (
    operation_id BLOB NOT NULL PRIMARY KEY REFERENCES operations (id) ON DELETE CASCADE,
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    filter TEXT NOT NULL,
    secret TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX job_exports_vault ON job_exports (vault_id);

-- How often a backup was asked for.
CREATE INDEX jobs_asked_for ON jobs (item_id, family, started_at);
