/// Bookings during attacks by one client, and the cost of a waiting long poll.
package ticketing.benchmark.attack;
