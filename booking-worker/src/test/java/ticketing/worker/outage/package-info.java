/// Tests of a worker whose database is unavailable, read-only or blocked.
package ticketing.worker.outage;
