/// Simulated SQS: two queues, and a client for each process.
package ticketing.simulation.queue;
