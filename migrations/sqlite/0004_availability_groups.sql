-- A container stands for a server or for an availability group; a group's rows carry the group's id in
-- `resource_group`, its name in `server_name`, and in `server_id` the node that is asked first.
ALTER TABLE containers ADD COLUMN kind TEXT NOT NULL DEFAULT 'server';
