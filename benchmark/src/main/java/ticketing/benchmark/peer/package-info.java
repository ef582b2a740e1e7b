/// Booking service without a queue, which is the baseline of the cold start.
package ticketing.benchmark.peer;
