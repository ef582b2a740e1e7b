/// Simulated Redis that runs the Lua scripts of the production code, and a client for each process.
package ticketing.simulation.redis;
