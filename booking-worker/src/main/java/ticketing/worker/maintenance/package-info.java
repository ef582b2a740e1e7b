/// Scheduled jobs: expiry of holds, dead letters, retention of revoked commands.
package ticketing.worker.maintenance;
