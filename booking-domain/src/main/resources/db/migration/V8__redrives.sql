-- Redrives of dead letters by an operator, recorded before their messages move. The decision GAVE_UP of a ticket
-- may be replaced only if a redrive began after it. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

CREATE TABLE redrives (
    id         BIGINT      NOT NULL AUTO_INCREMENT,
    -- NULL: all dead letters.
    ticket_id  CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin,
    started_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY idx_redrives_ticket (ticket_id, started_at),
    KEY idx_redrives_started_at (started_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
