-- How often something was asked of a vault since a count began (rulebook 11: writes of policies within 24 hours).
CREATE TABLE quotas (
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    since INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (vault_id, what)
) STRICT;
