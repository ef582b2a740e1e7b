/// Entries of the waiting lists of events.
package ticketing.worker.waitinglist;
