-- Order of the decisions of an event, and the changes of an event outside of them, for the audit of a sale.
-- Runs unchanged on MySQL 8.4 and MariaDB 11.4.

-- Number of the last decision, expiry or state of the event. NULL: the event has older decisions without numbers.
ALTER TABLE events ADD COLUMN decision_sequence BIGINT;

UPDATE events SET decision_sequence = 0
WHERE available_seats = total_seats
  AND id NOT IN (SELECT event_id FROM tickets)
  AND id NOT IN (SELECT event_id FROM reservations);

ALTER TABLE events ALTER COLUMN decision_sequence SET DEFAULT 0;

ALTER TABLE tickets
    -- NULL: GAVE_UP, or the event does not exist, or it has no numbers.
    ADD COLUMN sequence    BIGINT,
    -- Price of one seat at acceptance; NULL: the price at the decision applied.
    ADD COLUMN price       DECIMAL(10, 2),
    -- True if an administrator cancels the reservation of any user.
    ADD COLUMN on_behalf   BOOLEAN,
    -- Command that changes the seats, as JSON.
    ADD COLUMN seat_change MEDIUMTEXT CHARACTER SET utf8mb4,
    ADD UNIQUE KEY uk_tickets_sequence (event_id, sequence);

-- State of an event after its creation and after each edit outside of a decision.
CREATE TABLE event_states (
    event_id   BIGINT      NOT NULL,
    sequence   BIGINT      NOT NULL,
    state      MEDIUMTEXT  CHARACTER SET utf8mb4 NOT NULL, -- JSON
    changed_at DATETIME(6) NOT NULL,
    PRIMARY KEY (event_id, sequence)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Holds that expired.
CREATE TABLE hold_expiries (
    event_id       BIGINT      NOT NULL,
    sequence       BIGINT      NOT NULL,
    reservation_id BIGINT      NOT NULL,
    expired_at     DATETIME(6) NOT NULL,
    PRIMARY KEY (event_id, sequence)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
