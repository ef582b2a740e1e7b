/// Limits of the queue service that sender and receiver share.
package ticketing.queue;
