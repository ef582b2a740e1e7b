/// WebSocket echo server without further function, the baseline of the WebSocket benchmark.
package ticketing.benchmark.echo;
