/// Throughput with a distance between the processes.
package ticketing.benchmark.distance;
