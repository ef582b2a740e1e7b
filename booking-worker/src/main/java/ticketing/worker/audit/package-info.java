/// Audit of a sale: replays the ledger of an event through the rules of the sale, read-only.
package ticketing.worker.audit;
