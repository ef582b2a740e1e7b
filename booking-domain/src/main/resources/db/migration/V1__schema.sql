-- Times are UTC. Money is an amount without a currency. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

CREATE TABLE users (
    id            VARCHAR(50)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    email         VARCHAR(254) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    name          VARCHAR(100) NOT NULL,
    role          VARCHAR(20)  NOT NULL DEFAULT 'BUYER',
    created_at    DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    UNIQUE KEY uk_users_email (email)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE events (
    id                 BIGINT       NOT NULL AUTO_INCREMENT,
    event_name         VARCHAR(255) NOT NULL,
    total_seats        INT          NOT NULL,
    available_seats    INT          NOT NULL,
    event_date         DATETIME(6)  NOT NULL,
    venue_name         VARCHAR(255),
    venue_address      VARCHAR(500),
    status             VARCHAR(50)  NOT NULL DEFAULT 'ACTIVE',
    sale_opens_at      DATETIME(6),
    sale_closes_at     DATETIME(6),
    max_seats_per_user INT,
    hold_minutes       INT,
    version            BIGINT       NOT NULL DEFAULT 0,
    created_at         DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at         DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    PRIMARY KEY (id),
    KEY idx_events_event_date (event_date),
    KEY idx_events_status (status),
    CONSTRAINT ck_events_available CHECK (available_seats >= 0),
    CONSTRAINT ck_events_total CHECK (total_seats > 0),
    CONSTRAINT ck_events_sold CHECK (available_seats <= total_seats)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE seat_types (
    event_id        BIGINT         NOT NULL,
    seat_type       VARCHAR(10)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    price           DECIMAL(10, 2) NOT NULL,
    total_seats     INT            NOT NULL,
    available_seats INT            NOT NULL,
    PRIMARY KEY (event_id, seat_type),
    CONSTRAINT fk_seat_types_event FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT ck_seat_types_available CHECK (available_seats >= 0),
    CONSTRAINT ck_seat_types_total CHECK (total_seats > 0),
    CONSTRAINT ck_seat_types_sold CHECK (available_seats <= total_seats)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE reservations (
    id           BIGINT         NOT NULL AUTO_INCREMENT,
    ticket_id    CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    event_id     BIGINT         NOT NULL,
    user_id      VARCHAR(50)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    quantity     INT            NOT NULL,
    seat_type    VARCHAR(10)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    total_price  DECIMAL(10, 2),
    status       VARCHAR(50)    NOT NULL DEFAULT 'CONFIRMED',
    reserved_at  DATETIME(6)    NOT NULL,
    cancelled_at DATETIME(6),
    expires_at   DATETIME(6),
    PRIMARY KEY (id),
    UNIQUE KEY uk_reservations_ticket (ticket_id),
    KEY idx_reservations_user_id (user_id),
    KEY idx_reservations_event_id (event_id, user_id, status, quantity),
    KEY idx_reservations_status (status, expires_at),
    KEY idx_reservations_reserved_at (reserved_at),
    CONSTRAINT fk_reservations_event FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT ck_reservations_quantity CHECK (quantity > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- One row per decided ticket: the ledger that makes redelivery harmless. It commits with the seats.
CREATE TABLE tickets (
    id             CHAR(36)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    action         VARCHAR(20)    NOT NULL,
    user_id        VARCHAR(50)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event_id       BIGINT         NOT NULL,
    seat_type      VARCHAR(10)    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    quantity       INT,
    decision       VARCHAR(20)    NOT NULL,
    reason         VARCHAR(30),
    reservation_id BIGINT,
    total_price    DECIMAL(10, 2),
    expires_at     DATETIME(6),
    fingerprint    VARCHAR(64)    CHARACTER SET ascii,
    accepted_at    DATETIME(6)    NOT NULL,
    decided_at     DATETIME(6)    NOT NULL,
    PRIMARY KEY (id),
    KEY idx_tickets_event (event_id, decided_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
