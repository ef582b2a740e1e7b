-- Runs unchanged on MySQL 8.4 and MariaDB 11.4.

-- Serves the due holds of one event and the search for events with due holds.
ALTER TABLE reservations
    ADD INDEX idx_reservations_expiry (status, event_id, expires_at),
    DROP INDEX idx_reservations_status;

-- Number of the last edit by an administrator. Bookings do not change it.
ALTER TABLE events ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
