/// Memory, threads and connections of running processes.
package ticketing.benchmark.process;
