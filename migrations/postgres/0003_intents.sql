-- Auto-protection: a mark on an instance or an availability group, and what it knows of databases that
-- have no item: being configured, given up, or deleted under it.

CREATE TABLE intents (
    id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    container_id UUID NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    name_key TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_key TEXT COLLATE "C" NOT NULL,
    target_name TEXT NOT NULL,
    policy_id UUID NOT NULL REFERENCES policies (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX intents_name ON intents (vault_id, name_key);
CREATE UNIQUE INDEX intents_target ON intents (container_id, target_kind, target_key);
CREATE INDEX intents_policy ON intents (policy_id);

CREATE TABLE intent_databases (
    intent_id UUID NOT NULL REFERENCES intents (id) ON DELETE CASCADE,
    name_key TEXT COLLATE "C" NOT NULL,
    instance TEXT NOT NULL,
    database_name TEXT NOT NULL,
    standing TEXT NOT NULL,
    job_id UUID,
    failures BIGINT NOT NULL,
    PRIMARY KEY (intent_id, name_key)
);
