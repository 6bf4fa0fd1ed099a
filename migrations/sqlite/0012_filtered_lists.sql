-- Items are looked for by the name of their database: the last part of their own, which two separators precede.

ALTER TABLE items ADD COLUMN database_key TEXT NOT NULL GENERATED ALWAYS AS
    (substr(substr(name_key, instr(name_key, ';') + 1), instr(substr(name_key, instr(name_key, ';') + 1), ';') + 1)) VIRTUAL;
CREATE INDEX items_database ON items (vault_id, database_key, created_at, id);

-- Containers of one state, in order of their names.
DROP INDEX containers_usage;
CREATE INDEX containers_usage ON containers (vault_id, registration, name_key);
