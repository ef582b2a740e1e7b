-- Numbered seats. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

ALTER TABLE events
    -- Row of seat_maps in effect. NULL: no numbered seats.
    ADD COLUMN seat_map_revision INT;

-- Seat maps of an event. Rows are never changed, and stay if the event gets another map.
CREATE TABLE seat_maps (
    event_id   BIGINT      NOT NULL,
    revision   INT         NOT NULL,
    map        MEDIUMBLOB  NOT NULL, -- gzip of the JSON {"sections":[...]}
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (event_id, revision)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Seat maps of undecided and rejected changes. An accepted change moves its row to seat_maps.
CREATE TABLE seat_map_changes (
    ticket_id  CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_id   BIGINT      NOT NULL,
    map        MEDIUMBLOB  NOT NULL, -- gzip of the JSON {"sections":[...]}
    created_at DATETIME(6) NOT NULL,
    PRIMARY KEY (ticket_id),
    KEY idx_seat_map_changes_event (event_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Seats that are not on sale, one row for each section of the current map.
CREATE TABLE seat_sections (
    event_id   BIGINT      NOT NULL,
    ordinal    INT         NOT NULL, -- position of the section in the map, from 0
    section    VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    seat_count INT         NOT NULL,
    taken      VARBINARY(7500) NOT NULL, -- bit i % 8 of byte i / 8: seat i of the section is not on sale
    PRIMARY KEY (event_id, ordinal)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Seats of held and confirmed reservations. The primary key excludes that a seat is sold twice.
CREATE TABLE reservation_seats (
    event_id       BIGINT      NOT NULL,
    seat_id        VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    reservation_id BIGINT      NOT NULL,
    PRIMARY KEY (event_id, seat_id),
    KEY idx_reservation_seats_reservation (reservation_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Ids of seats, separated by commas. NULL: no numbered seats.
ALTER TABLE reservations ADD COLUMN seats VARCHAR(420) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

ALTER TABLE tickets
    ADD COLUMN seats           VARCHAR(420) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    -- Seats of the request. NULL: the best available.
    ADD COLUMN requested_seats VARCHAR(420) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    -- Decision if a requested seat is taken: BEST, or NULL for a rejection.
    ADD COLUMN otherwise       VARCHAR(10)  CHARACTER SET ascii;
