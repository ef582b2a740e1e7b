-- Names of the standard vocabulary. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

RENAME TABLE withdrawn_commands TO revoked_commands;

ALTER TABLE revoked_commands
    RENAME COLUMN attempt TO attempt_id,
    RENAME INDEX idx_withdrawn_commands_created_at TO idx_revoked_commands_created_at;

ALTER TABLE events RENAME COLUMN withdrawn_at TO revoked_at;
