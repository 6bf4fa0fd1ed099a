-- What a vault has beside its backups: extended information, certificates, the security PIN; what operations have to
-- tell; and the indexes that its usages are counted on.

-- Vaults that something was registered to, ever: such a vault gets no customer-managed key any more.
CREATE TABLE vault_registered (
    vault_id UUID NOT NULL PRIMARY KEY REFERENCES vaults (id) ON DELETE CASCADE
);
INSERT INTO vault_registered (vault_id) SELECT id FROM vaults v
    WHERE used OR EXISTS (SELECT 1 FROM containers c WHERE c.vault_id = v.id);

CREATE TABLE vault_extended_info (
    vault_id UUID NOT NULL PRIMARY KEY REFERENCES vaults (id) ON DELETE CASCADE,
    integrity_key TEXT,
    encryption_key TEXT,
    encryption_key_thumbprint TEXT,
    algorithm TEXT,
    etag UUID NOT NULL
);

CREATE TABLE vault_certificates (
    vault_id UUID NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    name_key TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    der BYTEA NOT NULL,
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    thumbprint TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to BIGINT NOT NULL,
    PRIMARY KEY (vault_id, name_key)
);

CREATE TABLE security_pins (
    vault_id UUID NOT NULL PRIMARY KEY REFERENCES vaults (id) ON DELETE CASCADE,
    salt BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE operation_outcomes (
    operation_id UUID NOT NULL PRIMARY KEY REFERENCES operations (id) ON DELETE CASCADE,
    outcome JSONB NOT NULL
);

CREATE INDEX items_usage ON items (vault_id, deleted_at, state);
CREATE INDEX containers_usage ON containers (vault_id, registration);
CREATE INDEX jobs_usage ON jobs (vault_id, status, started_at);
