/// MariaDB, Redis and an SQS queue on the loopback, for tests and local runs. The programs are
/// artifacts of Maven Central. No production jar depends on this package.
package ticketing.local.servers;
