-- Columns that are compared for order carry COLLATE "C": byte order, as SQLite sorts.
-- Times are microseconds since 1970 (`…_at`). Enums are words. Documents are JSON and opaque: what is
-- filtered or sorted is a column. `…_key` is a name folded in Rust; names themselves keep their casing.
-- The twin of this file in the other folder has the same tables, columns and indexes; a test compares them.

CREATE TABLE subscriptions (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL
);

CREATE TABLE resource_groups (
    subscription_id UUID NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    tags JSONB NOT NULL,
    PRIMARY KEY (subscription_id, name_key)
);

CREATE TABLE principals (
    id UUID NOT NULL PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL,
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL
);
CREATE UNIQUE INDEX principals_client ON principals (client_id);

CREATE TABLE role_assignments (
    principal_id UUID NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (principal_id, role, scope)
);

CREATE TABLE vaults (
    id UUID NOT NULL PRIMARY KEY,
    subscription_id UUID NOT NULL,
    group_key TEXT COLLATE "C" NOT NULL,
    resource_group TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    sku TEXT NOT NULL,
    tags JSONB NOT NULL,
    settings JSONB NOT NULL,
    used BOOLEAN NOT NULL,
    etag BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
-- A deleted vault frees its name.
CREATE UNIQUE INDEX vaults_live_name ON vaults (subscription_id, group_key, name_key) WHERE deleted_at IS NULL;
CREATE INDEX vaults_live_list ON vaults (subscription_id, name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX vaults_deleted ON vaults (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE servers (
    id UUID NOT NULL PRIMARY KEY,
    subscription_id UUID NOT NULL,
    group_key TEXT COLLATE "C" NOT NULL,
    resource_group TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX servers_name ON servers (subscription_id, group_key, name_key);
CREATE INDEX servers_list ON servers (subscription_id, name_key, id);

CREATE TABLE agents (
    id UUID NOT NULL PRIMARY KEY,
    server_id UUID NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    secret_hash BYTEA NOT NULL,
    enrolled_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    version TEXT NOT NULL
);
CREATE INDEX agents_server ON agents (server_id, enrolled_at, id);

CREATE TABLE enrolment_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    server_id UUID NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX enrolment_tokens_server ON enrolment_tokens (server_id);

CREATE TABLE discovered_servers (
    vault_id UUID NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    server_id UUID NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    discovered_at BIGINT NOT NULL,
    PRIMARY KEY (vault_id, server_id)
);
CREATE INDEX discovered_servers_server ON discovered_servers (server_id);

-- A container outlives its server's record: what was backed up of it stays restorable.
CREATE TABLE containers (
    id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL REFERENCES vaults (id),
    server_id UUID NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    resource_group TEXT NOT NULL,
    server_name TEXT NOT NULL,
    source_resource_id TEXT NOT NULL,
    registration TEXT NOT NULL,
    healthy BOOLEAN NOT NULL,
    inventory JSONB NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX containers_name ON containers (vault_id, name_key);
CREATE INDEX containers_server ON containers (server_id);

CREATE TABLE policies (
    id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    name_key TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    spec JSONB NOT NULL,
    system BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    etag BIGINT NOT NULL
);
CREATE UNIQUE INDEX policies_name ON policies (vault_id, name_key);
CREATE INDEX policies_list ON policies (vault_id, created_at, name_key);

CREATE TABLE items (
    id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL REFERENCES vaults (id),
    container_id UUID NOT NULL REFERENCES containers (id),
    name_key TEXT COLLATE "C" NOT NULL,
    instance TEXT NOT NULL,
    database_name TEXT NOT NULL,
    policy_id UUID REFERENCES policies (id),
    state TEXT NOT NULL,
    data_source_id TEXT NOT NULL,
    recovery_model TEXT NOT NULL,
    last_backup JSONB,
    deleted_at BIGINT,
    purge_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX items_name ON items (container_id, name_key);
CREATE INDEX items_list ON items (vault_id, created_at, id);
CREATE INDEX items_policy ON items (policy_id, created_at, id);
CREATE INDEX items_purge ON items (purge_at, id) WHERE purge_at IS NOT NULL;

-- Sets outlive their item and vault: they go when their objects are collected.
CREATE TABLE backup_sets (
    id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL,
    item_id UUID NOT NULL,
    command_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    generation BIGINT NOT NULL,
    dedupe_key TEXT COLLATE "C" NOT NULL,
    chunk_size BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    key_version BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    manifest JSONB
);
CREATE UNIQUE INDEX backup_sets_dedupe ON backup_sets (item_id, dedupe_key);
CREATE INDEX backup_sets_command ON backup_sets (command_id, opened_at, id);
CREATE INDEX backup_sets_opened ON backup_sets (state, opened_at, id);
CREATE INDEX backup_sets_closed ON backup_sets (state, closed_at, id);

CREATE TABLE chunks (
    set_id UUID NOT NULL REFERENCES backup_sets (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    stream BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    size BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    PRIMARY KEY (set_id, generation, stream, seq)
);

CREATE TABLE recovery_points (
    item_id UUID NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    set_id UUID NOT NULL REFERENCES backup_sets (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    point_at BIGINT NOT NULL,
    expires_at BIGINT,
    on_demand BOOLEAN NOT NULL,
    facts JSONB NOT NULL,
    sealed_bytes BIGINT NOT NULL,
    PRIMARY KEY (item_id, name)
);
CREATE UNIQUE INDEX recovery_points_set ON recovery_points (set_id);
CREATE INDEX recovery_points_list ON recovery_points (item_id, point_at, name);

CREATE TABLE jobs (
    id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    item_id UUID,
    family TEXT NOT NULL,
    backup_kind TEXT,
    status TEXT NOT NULL,
    entity_name TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    user_triggered BOOLEAN NOT NULL,
    activity_id TEXT NOT NULL,
    properties JSONB NOT NULL,
    faults JSONB NOT NULL
);
CREATE INDEX jobs_list ON jobs (vault_id, started_at, id);
CREATE INDEX jobs_running ON jobs (item_id, started_at, id) WHERE status IN ('InProgress', 'Cancelling');

-- Operations are readable even after their vault is gone.
CREATE TABLE operations (
    id UUID NOT NULL PRIMARY KEY,
    vault_id UUID NOT NULL,
    vault_key TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_id UUID,
    status TEXT NOT NULL,
    job_id UUID,
    error_code TEXT,
    error_message TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    request_key TEXT COLLATE "C"
);
CREATE UNIQUE INDEX operations_request ON operations (request_key);

-- `due_at`: when the task may be claimed: its time to run or, while leased, the end of its lease.
CREATE TABLE tasks (
    id UUID NOT NULL PRIMARY KEY,
    work JSONB NOT NULL,
    due_at BIGINT NOT NULL,
    owner TEXT,
    attempt BIGINT NOT NULL,
    last_error TEXT
);
CREATE INDEX tasks_due ON tasks (due_at, id);

CREATE TABLE agent_commands (
    id UUID NOT NULL PRIMARY KEY,
    server_id UUID NOT NULL,
    vault_id UUID NOT NULL,
    item_id UUID,
    work JSONB NOT NULL,
    state TEXT NOT NULL,
    generation BIGINT NOT NULL,
    lease_expires_at BIGINT,
    cancel_requested BOOLEAN NOT NULL,
    job_id UUID,
    operation_id UUID,
    created_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL
);
CREATE INDEX agent_commands_open ON agent_commands (server_id, created_at, id) WHERE state <> 'Done';
CREATE INDEX agent_commands_deadline ON agent_commands (deadline_at) WHERE state = 'Queued';
CREATE INDEX agent_commands_lease ON agent_commands (lease_expires_at) WHERE state = 'Leased';
CREATE INDEX agent_commands_job ON agent_commands (job_id) WHERE state <> 'Done';
