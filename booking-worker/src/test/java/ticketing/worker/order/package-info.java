/// Tests of the order of acceptance between workers.
package ticketing.worker.order;
