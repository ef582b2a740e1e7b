-- Access tokens that were revoked before they expired. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

CREATE TABLE revoked_tokens (
    id         CHAR(36)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- digest of the token
    kept_until BIGINT      NOT NULL, -- epoch second
    revoked_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)), -- clock of the database
    PRIMARY KEY (id),
    KEY idx_revoked_tokens_revoked_at (revoked_at),
    KEY idx_revoked_tokens_kept_until (kept_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
