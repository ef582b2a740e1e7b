-- Each seat of a batch wrote an entry of this index. The retention, its only reader, deletes by the primary key now.
ALTER TABLE reservation_seats DROP INDEX idx_reservation_seats_reservation;
