/// Scheduled jobs: expiry of holds, dead letters, retention.
package ticketing.worker.maintenance;
