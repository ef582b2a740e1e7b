-- Administration of accounts. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

-- Administrative actions. Values contain no email and no name.
CREATE TABLE audit_log (
    id          BIGINT       NOT NULL AUTO_INCREMENT,
    recorded_at DATETIME(6)  NOT NULL,
    actor       VARCHAR(50)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    action      VARCHAR(40)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    object_name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    old_value   TEXT,
    new_value   TEXT,
    PRIMARY KEY (id),
    KEY idx_audit_log_actor (actor, id),
    KEY idx_audit_log_action (action, id),
    KEY idx_audit_log_object (object_name, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

ALTER TABLE users
    -- The email and the name are removed from a deleted account. Its reservations stay.
    ADD COLUMN deleted_at DATETIME(6),
    -- NULL: the owner has not proved that the email is theirs.
    ADD COLUMN email_confirmed_at DATETIME(6),
    ADD KEY idx_users_role (role);

-- One-time tokens that are sent by mail.
CREATE TABLE mailed_tokens (
    id               CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- SHA-256 of the token
    purpose          VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id          VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    token_generation INT         NOT NULL, -- of the user at the time of the mail
    expires_at       DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    KEY idx_mailed_tokens_user (user_id, purpose),
    KEY idx_mailed_tokens_expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
