/// Decisions a second in the first windows after a start, compared with a service without a queue.
package ticketing.benchmark.cold;
