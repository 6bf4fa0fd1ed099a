-- What a vault has beside its backups: extended information, certificates, the security PIN; what operations have to
-- tell; and the indexes that its usages are counted on.

-- Vaults that something was registered to, ever: such a vault gets no customer-managed key any more.
CREATE TABLE vault_registered (
    vault_id BLOB NOT NULL PRIMARY KEY REFERENCES vaults (id) ON DELETE CASCADE
) STRICT;
INSERT INTO vault_registered (vault_id) SELECT id FROM vaults v
    WHERE used OR EXISTS (SELECT 1 FROM containers c WHERE c.vault_id = v.id);

CREATE TABLE vault_extended_info (
    vault_id BLOB NOT NULL PRIMARY KEY REFERENCES vaults (id) ON DELETE CASCADE,
    integrity_key TEXT,
    encryption_key TEXT,
    encryption_key_thumbprint TEXT,
    algorithm TEXT,
    etag BLOB NOT NULL
) STRICT;

CREATE TABLE vault_certificates (
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    der BLOB NOT NULL,
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    thumbprint TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    PRIMARY KEY (vault_id, name_key)
) STRICT;

CREATE TABLE security_pins (
    vault_id BLOB NOT NULL PRIMARY KEY REFERENCES vaults (id) ON DELETE CASCADE,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE operation_outcomes (
    operation_id BLOB NOT NULL PRIMARY KEY REFERENCES operations (id) ON DELETE CASCADE,
    outcome TEXT NOT NULL
) STRICT;

CREATE INDEX items_usage ON items (vault_id, deleted_at, state);
CREATE INDEX containers_usage ON containers (vault_id, registration);
CREATE INDEX jobs_usage ON jobs (vault_id, status, started_at);
