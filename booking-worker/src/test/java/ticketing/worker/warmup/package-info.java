/// Tests of the warm-up of a worker.
package ticketing.worker.warmup;
