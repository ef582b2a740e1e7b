/// MariaDB, Redis and an SQS queue on this machine's loopback, started from artifacts of Maven
/// Central: for tests and for local runs, never part of a production jar. Knows nothing of the
/// applications.
package ticketing.local.servers;
