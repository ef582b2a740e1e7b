-- Runs unchanged on MySQL 8.4 and MariaDB 11.4.

ALTER TABLE events
    -- IANA name of the time zone of the venue.
    ADD COLUMN time_zone VARCHAR(64) NOT NULL DEFAULT 'Asia/Seoul',
    -- Serves the list by date. A search reads the index only.
    ADD INDEX idx_events_list (event_date, status, event_name, venue_name),
    DROP INDEX idx_events_event_date,
    -- Serves the list by opening of the sale.
    ADD INDEX idx_events_sale_opens_at (sale_opens_at, event_date);

-- Events that were created by a request with an Idempotency-Key.
CREATE TABLE event_creations (
    -- Derived from the administrator and the key.
    id          CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    fingerprint VARCHAR(64) CHARACTER SET ascii NOT NULL,
    event_id    BIGINT      NOT NULL,
    created_at  DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY idx_event_creations_created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
