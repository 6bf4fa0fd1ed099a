-- Role assignments become ARM resources: a name (a GUID), a birthday, and a folded scope to find them by.
-- Those that stand get random names.
CREATE TABLE role_assignments_named (
    id UUID NOT NULL PRIMARY KEY,
    principal_id UUID NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    scope TEXT NOT NULL,
    scope_key TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
INSERT INTO role_assignments_named SELECT gen_random_uuid(), principal_id, role, scope, lower(scope), 0 FROM role_assignments;
DROP TABLE role_assignments;
ALTER TABLE role_assignments_named RENAME TO role_assignments;
CREATE UNIQUE INDEX role_assignments_what ON role_assignments (principal_id, role, scope_key);
CREATE INDEX role_assignments_scope ON role_assignments (scope_key, id);
