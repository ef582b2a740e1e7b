/// A database, Redis or Valkey, and an SQS queue on the loopback, for tests and local runs. The
/// programs are artifacts of Maven Central, or packages of Debian and Python. No production jar
/// depends on this package.
package ticketing.local.servers;
