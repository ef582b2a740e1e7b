/// Waiting lines: removal of abandoned, decided and revoked entries.
package ticketing.worker.waiting;
