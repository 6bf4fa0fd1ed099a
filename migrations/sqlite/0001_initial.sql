-- Times are microseconds since 1970 (`…_at`). Enums are words. Documents are JSON and opaque: what is
-- filtered or sorted is a column. `…_key` is a name folded in Rust; names themselves keep their casing.
-- The twin of this file in the other folder has the same tables, columns and indexes; a test compares them.

CREATE TABLE subscriptions (
    id BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE resource_groups (
    subscription_id BLOB NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    tags TEXT NOT NULL,
    PRIMARY KEY (subscription_id, name_key)
) STRICT;

CREATE TABLE principals (
    id BLOB NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    tenant_id BLOB NOT NULL,
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX principals_client ON principals (client_id);

CREATE TABLE role_assignments (
    principal_id BLOB NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (principal_id, role, scope)
) STRICT;

CREATE TABLE vaults (
    id BLOB NOT NULL PRIMARY KEY,
    subscription_id BLOB NOT NULL,
    group_key TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    sku TEXT NOT NULL,
    tags TEXT NOT NULL,
    settings TEXT NOT NULL,
    used INTEGER NOT NULL,
    etag INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
-- A deleted vault frees its name.
CREATE UNIQUE INDEX vaults_live_name ON vaults (subscription_id, group_key, name_key) WHERE deleted_at IS NULL;
CREATE INDEX vaults_live_list ON vaults (subscription_id, name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX vaults_deleted ON vaults (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE servers (
    id BLOB NOT NULL PRIMARY KEY,
    subscription_id BLOB NOT NULL,
    group_key TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX servers_name ON servers (subscription_id, group_key, name_key);
CREATE INDEX servers_list ON servers (subscription_id, name_key, id);

CREATE TABLE agents (
    id BLOB NOT NULL PRIMARY KEY,
    server_id BLOB NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    secret_hash BLOB NOT NULL,
    enrolled_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    version TEXT NOT NULL
) STRICT;
CREATE INDEX agents_server ON agents (server_id, enrolled_at, id);

CREATE TABLE enrolment_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    server_id BLOB NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX enrolment_tokens_server ON enrolment_tokens (server_id);

CREATE TABLE discovered_servers (
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    server_id BLOB NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    discovered_at INTEGER NOT NULL,
    PRIMARY KEY (vault_id, server_id)
) STRICT;
CREATE INDEX discovered_servers_server ON discovered_servers (server_id);

-- A container outlives its server's record: what was backed up of it stays restorable.
CREATE TABLE containers (
    id BLOB NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL REFERENCES vaults (id),
    server_id BLOB NOT NULL,
    name_key TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    server_name TEXT NOT NULL,
    source_resource_id TEXT NOT NULL,
    registration TEXT NOT NULL,
    healthy INTEGER NOT NULL,
    inventory TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX containers_name ON containers (vault_id, name_key);
CREATE INDEX containers_server ON containers (server_id);

CREATE TABLE policies (
    id BLOB NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    system INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    etag INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX policies_name ON policies (vault_id, name_key);
CREATE INDEX policies_list ON policies (vault_id, created_at, name_key);

CREATE TABLE items (
    id BLOB NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL REFERENCES vaults (id),
    container_id BLOB NOT NULL REFERENCES containers (id),
    name_key TEXT NOT NULL,
    instance TEXT NOT NULL,
    database_name TEXT NOT NULL,
    policy_id BLOB REFERENCES policies (id),
    state TEXT NOT NULL,
    data_source_id TEXT NOT NULL,
    recovery_model TEXT NOT NULL,
    last_backup TEXT,
    deleted_at INTEGER,
    purge_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX items_name ON items (container_id, name_key);
CREATE INDEX items_list ON items (vault_id, created_at, id);
CREATE INDEX items_policy ON items (policy_id, created_at, id);
CREATE INDEX items_purge ON items (purge_at, id) WHERE purge_at IS NOT NULL;

-- Sets outlive their item and vault: they go when their objects are collected.
CREATE TABLE backup_sets (
    id BLOB NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL,
    item_id BLOB NOT NULL,
    command_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    generation INTEGER NOT NULL,
    dedupe_key TEXT NOT NULL,
    chunk_size INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    key_version INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    manifest TEXT
) STRICT;
CREATE UNIQUE INDEX backup_sets_dedupe ON backup_sets (item_id, dedupe_key);
CREATE INDEX backup_sets_command ON backup_sets (command_id, opened_at, id);
CREATE INDEX backup_sets_opened ON backup_sets (state, opened_at, id);
CREATE INDEX backup_sets_closed ON backup_sets (state, closed_at, id);

CREATE TABLE chunks (
    set_id BLOB NOT NULL REFERENCES backup_sets (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (set_id, generation, stream, seq)
) STRICT;

CREATE TABLE recovery_points (
    item_id BLOB NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    set_id BLOB NOT NULL REFERENCES backup_sets (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    point_at INTEGER NOT NULL,
    expires_at INTEGER,
    on_demand INTEGER NOT NULL,
    facts TEXT NOT NULL,
    sealed_bytes INTEGER NOT NULL,
    PRIMARY KEY (item_id, name)
) STRICT;
CREATE UNIQUE INDEX recovery_points_set ON recovery_points (set_id);
CREATE INDEX recovery_points_list ON recovery_points (item_id, point_at, name);

CREATE TABLE jobs (
    id BLOB NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL REFERENCES vaults (id) ON DELETE CASCADE,
    item_id BLOB,
    family TEXT NOT NULL,
    backup_kind TEXT,
    status TEXT NOT NULL,
    entity_name TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    user_triggered INTEGER NOT NULL,
    activity_id TEXT NOT NULL,
    properties TEXT NOT NULL,
    faults TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_list ON jobs (vault_id, started_at, id);
CREATE INDEX jobs_running ON jobs (item_id, started_at, id) WHERE status IN ('InProgress', 'Cancelling');

-- Operations are readable even after their vault is gone.
CREATE TABLE operations (
    id BLOB NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL,
    vault_key TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_id BLOB,
    status TEXT NOT NULL,
    job_id BLOB,
    error_code TEXT,
    error_message TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    request_key TEXT
) STRICT;
CREATE UNIQUE INDEX operations_request ON operations (request_key);

-- `due_at`: when the task may be claimed: its time to run or, while leased, the end of its lease.
CREATE TABLE tasks (
    id BLOB NOT NULL PRIMARY KEY,
    work TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    owner TEXT,
    attempt INTEGER NOT NULL,
    last_error TEXT
) STRICT;
CREATE INDEX tasks_due ON tasks (due_at, id);

CREATE TABLE agent_commands (
    id BLOB NOT NULL PRIMARY KEY,
    server_id BLOB NOT NULL,
    vault_id BLOB NOT NULL,
    item_id BLOB,
    work TEXT NOT NULL,
    state TEXT NOT NULL,
    generation INTEGER NOT NULL,
    lease_expires_at INTEGER,
    cancel_requested INTEGER NOT NULL,
    job_id BLOB,
    operation_id BLOB,
    created_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL
) STRICT;
CREATE INDEX agent_commands_open ON agent_commands (server_id, created_at, id) WHERE state <> 'Done';
CREATE INDEX agent_commands_deadline ON agent_commands (deadline_at) WHERE state = 'Queued';
CREATE INDEX agent_commands_lease ON agent_commands (lease_expires_at) WHERE state = 'Leased';
CREATE INDEX agent_commands_job ON agent_commands (job_id) WHERE state <> 'Done';
