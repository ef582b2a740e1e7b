/// Booking worker: the only process that decides commands and writes reservations.
package ticketing.worker;
