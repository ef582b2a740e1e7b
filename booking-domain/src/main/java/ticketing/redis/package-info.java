/// Access to Redis with a time limit and a circuit breaker, and heartbeats of the processes.
package ticketing.redis;
