/// Redis lock of an event.
package ticketing.worker.lock;
