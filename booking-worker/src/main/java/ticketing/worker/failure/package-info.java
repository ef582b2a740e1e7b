/// End of the process after an error that it cannot isolate.
package ticketing.worker.failure;
