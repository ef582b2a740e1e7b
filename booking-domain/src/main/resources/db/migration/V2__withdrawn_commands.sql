-- Attempts that ingress took back before it answered 503, because it could not learn whether the queue
-- has them. A row is written, and looked for, under the lock of the event's row. Bounded: old ones are
-- deleted, see ticketing.worker.withdrawals-kept.

CREATE TABLE withdrawn_commands (
    attempt    CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    ticket_id  CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_id   BIGINT      NOT NULL,
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (attempt),
    KEY idx_withdrawn_commands_created_at (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- When the last command of the event was withdrawn; null: none ever was, and workers need not look.
ALTER TABLE events ADD COLUMN withdrawn_at DATETIME(6);
