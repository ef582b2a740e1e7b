/// Command queue: deliveries, their visibility timeouts, acknowledgement and release.
package ticketing.worker.queue;
