-- Records of dead letters. The messages themselves stay in the dead-letter queue until they are redriven,
-- discarded or expired. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

CREATE TABLE dead_letters (
    message_id    VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    message_group VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin,
    ticket_id     CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin,
    event_id      BIGINT,
    body          MEDIUMTEXT   CHARACTER SET utf8mb4 NOT NULL,
    receive_count INT          NOT NULL,
    sent_at       DATETIME(6),
    first_seen_at DATETIME(6)  NOT NULL,
    given_up_at   DATETIME(6),
    redriven_at   DATETIME(6),
    discarded_at  DATETIME(6),
    PRIMARY KEY (message_id),
    KEY idx_dead_letters_first_seen_at (first_seen_at),
    KEY idx_dead_letters_discarded_at (discarded_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
