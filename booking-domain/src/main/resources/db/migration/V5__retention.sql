-- Retention of long-past events. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

-- Time at which the tickets and reservations of a past event were removed; null: not removed.
ALTER TABLE events
    ADD COLUMN archived_at DATETIME(6),
    ADD KEY idx_events_archived_at (archived_at, event_date);

-- Ids of removed tickets. Without them, a removed ticket would look like a pending one.
CREATE TABLE removed_tickets (
    id         BINARY(16) NOT NULL,
    removed_at DATE       NOT NULL,
    PRIMARY KEY (id),
    KEY idx_removed_tickets_removed_at (removed_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
