-- Waiting lists. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

ALTER TABLE events
    ADD COLUMN waiting_list     BOOLEAN NOT NULL DEFAULT 0,
    -- Duration of an offer. NULL: no offers.
    ADD COLUMN offer_minutes    INT,
    -- Sequence of the last entry that joined; 0: none.
    ADD COLUMN waiting_sequence BIGINT  NOT NULL DEFAULT 0;

-- An invisible column keeps statements valid that name no columns.
ALTER TABLE seat_types
    -- Free seats that are kept for the first waiting party. available_seats does not count them.
    ADD COLUMN kept_seats      INT NOT NULL DEFAULT 0 INVISIBLE,
    -- Number of entries of the seat type with the status WAITING.
    ADD COLUMN waiting_parties INT NOT NULL DEFAULT 0 INVISIBLE,
    ADD KEY idx_seat_types_waiting (waiting_parties, event_id),
    ADD KEY idx_seat_types_kept (kept_seats, event_id),
    ADD CONSTRAINT ck_seat_types_kept CHECK (kept_seats >= 0),
    ADD CONSTRAINT ck_seat_types_waiting CHECK (waiting_parties >= 0);

-- Parties of the waiting lists. An entry is overtaken by each offer to an entry of the same event and seat type
-- with a higher sequence. So the number of times follows from the sequences of the offered entries.
CREATE TABLE waiting_entries (
    id             BIGINT         NOT NULL AUTO_INCREMENT,
    ticket_id      CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- of JOIN, and of the offer
    event_id       BIGINT         NOT NULL,
    sequence       BIGINT         NOT NULL, -- order of joining, from 1 for each event
    seat_type      VARCHAR(10)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    quantity       INT            NOT NULL,
    user_id        VARCHAR(50)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    price          DECIMAL(10, 2) NOT NULL, -- of one seat, at which an offer is charged
    status         VARCHAR(10)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- WAITING, OFFERED, LEFT or ENDED
    joined_at      DATETIME(6)    NOT NULL,
    ended_at       DATETIME(6),
    -- Number of the offer, or of the end without an offer, among the decisions of the event.
    ended_sequence BIGINT,
    PRIMARY KEY (id),
    UNIQUE KEY uk_waiting_entries_ticket (ticket_id),
    UNIQUE KEY uk_waiting_entries_sequence (event_id, sequence),
    UNIQUE KEY uk_waiting_entries_ended (event_id, ended_sequence),
    KEY idx_waiting_entries_quantity (event_id, seat_type, status, quantity, sequence),
    KEY idx_waiting_entries_order (event_id, seat_type, status, sequence),
    KEY idx_waiting_entries_user (user_id, status, event_id),
    KEY idx_waiting_entries_event (event_id, status, user_id),
    CONSTRAINT fk_waiting_entries_event FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT ck_waiting_entries_quantity CHECK (quantity > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

ALTER TABLE seat_sections
    -- Bits of taken that are kept for the waiting list. NULL: none.
    ADD COLUMN kept VARBINARY(7500) INVISIBLE;

-- TRUE: the hold was an offer to a waiting party.
ALTER TABLE reservations ADD COLUMN offer BOOLEAN NOT NULL DEFAULT 0 INVISIBLE;

-- Entry of a waiting list. NULL: another action.
ALTER TABLE tickets ADD COLUMN entry_id BIGINT;
