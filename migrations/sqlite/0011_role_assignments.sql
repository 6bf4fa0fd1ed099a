-- Role assignments become ARM resources: a name (a GUID), a birthday, and a folded scope to find them by.
-- Those that stand get random names.
CREATE TABLE role_assignments_named (
    id BLOB NOT NULL PRIMARY KEY,
    principal_id BLOB NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_key TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO role_assignments_named SELECT randomblob(16), principal_id, role, scope, lower(scope), 0 FROM role_assignments;
DROP TABLE role_assignments;
ALTER TABLE role_assignments_named RENAME TO role_assignments;
CREATE UNIQUE INDEX role_assignments_what ON role_assignments (principal_id, role, scope_key);
CREATE INDEX role_assignments_scope ON role_assignments (scope_key, id);
