-- Deleted vaults are listed by region and go at a time of their own; Resource Guards stand outside of the vaults
-- that are linked to them.
-- What was deleted before this goes with its last item, as it was told then.

ALTER TABLE vaults ADD COLUMN purge_at INTEGER;
ALTER TABLE vaults ADD COLUMN location_key TEXT NOT NULL DEFAULT '';
ALTER TABLE vaults ADD COLUMN guard_id BLOB;
UPDATE vaults SET purge_at = COALESCE((SELECT MAX(i.purge_at) FROM items i WHERE i.vault_id = vaults.id), deleted_at)
    WHERE deleted_at IS NOT NULL;
UPDATE vaults SET location_key = lower(replace(location, ' ', ''));
CREATE INDEX vaults_deleted_list ON vaults (subscription_id, location_key, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX vaults_purge ON vaults (purge_at, id) WHERE purge_at IS NOT NULL;
CREATE INDEX vaults_guard ON vaults (guard_id, id) WHERE guard_id IS NOT NULL;

CREATE TABLE resource_guards (
    id BLOB NOT NULL PRIMARY KEY,
    subscription_id BLOB NOT NULL,
    group_key TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    tags TEXT NOT NULL,
    excluded TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX resource_guards_name ON resource_guards (subscription_id, group_key, name_key);

-- `target`: the item that may be deleted, or the vault itself for its proxy.
CREATE TABLE guard_unlocks (
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    principal_id BLOB NOT NULL,
    critical TEXT NOT NULL,
    target BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (vault_id, principal_id, critical, target)
) STRICT;
