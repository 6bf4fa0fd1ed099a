-- Filtered lists: what is asked for is found along an index, however much else there is.

DROP INDEX jobs_usage;
CREATE INDEX jobs_usage ON jobs (vault_id, status, started_at, id);
CREATE INDEX jobs_family ON jobs (vault_id, family, started_at, id);
CREATE INDEX jobs_family_status ON jobs (vault_id, family, status, started_at, id);
CREATE INDEX items_container ON items (container_id, created_at, id);
