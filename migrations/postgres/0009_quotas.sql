-- How often something was asked of a vault since a count began (rulebook 11: writes of policies within 24 hours).
CREATE TABLE quotas (
    vault_id UUID NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    what TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (vault_id, what)
);
