/// Benchmark of the start-up time of the applications, with and without an AOT cache.
package ticketing.benchmark.startup;
