-- Mails about decisions, and reads of the reservations of an event. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

-- Position of the mails in the numbers of an event. No row: 0.
CREATE TABLE decision_mail_cursors (
    event_id  BIGINT      NOT NULL,
    sequence  BIGINT      NOT NULL, -- last number with claimed mails
    -- Last user with a mail of the next number, in the order of the ids. Empty: none.
    last_user VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (event_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Earlier decisions get no mail.
INSERT INTO decision_mail_cursors (event_id, sequence, last_user)
SELECT id, decision_sequence, '' FROM events WHERE decision_sequence > 0;

-- Jobs that run in one process at a time.
CREATE TABLE job_leases (
    job        VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    holder     CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    PRIMARY KEY (job)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT INTO job_leases (job, holder, expires_at) VALUES ('decision-mails', '', '2000-01-01');

-- Reservations of an event in the order of their ids.
ALTER TABLE reservations ADD KEY idx_reservations_event (event_id);
