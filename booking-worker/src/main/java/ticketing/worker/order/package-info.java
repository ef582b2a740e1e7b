/// Order of acceptance between workers.
package ticketing.worker.order;
