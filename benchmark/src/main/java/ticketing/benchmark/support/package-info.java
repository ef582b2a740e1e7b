/// Access tokens, events, JVM options and percentiles that several benchmarks use.
package ticketing.benchmark.support;
