-- Sessions that a refresh token continues. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

CREATE TABLE sessions (
    id               CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    selector         CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- digest
    token_hash       CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- digest of the current secret
    user_id          VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    token_generation INT         NOT NULL,
    used_at          DATETIME(6) NOT NULL,
    expires_at       DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY uk_sessions_selector (selector),
    KEY idx_sessions_user (user_id, used_at),
    KEY idx_sessions_expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Access tokens of an earlier generation are revoked.
ALTER TABLE users
    ADD COLUMN token_generation INT NOT NULL DEFAULT 0;
