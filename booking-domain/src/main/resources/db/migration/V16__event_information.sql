-- Texts, limits and posters of the pages of events. Runs unchanged on MySQL 8.4 and MariaDB 11.4.

-- Not columns of events: workers lock and read the rows of that table. No row: no information.
CREATE TABLE event_information (
    event_id        BIGINT NOT NULL,
    description     TEXT CHARACTER SET utf8mb4, -- Markdown, at most 5,000 code points
    running_minutes INT,
    minimum_age     INT,
    refund_rule     VARCHAR(500) CHARACTER SET utf8mb4,
    -- Revision of the image in the poster store. NULL: no poster.
    poster_revision CHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
    PRIMARY KEY (event_id),
    CONSTRAINT fk_event_information_event FOREIGN KEY (event_id) REFERENCES events (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
