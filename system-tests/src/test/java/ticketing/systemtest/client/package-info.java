/// Clients of the system tests. They send requests, record every response and measure latency.
package ticketing.systemtest.client;
