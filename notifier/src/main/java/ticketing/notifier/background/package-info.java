/// Background threads with retries, for the Redis channels and the sweeps.
package ticketing.notifier.background;
