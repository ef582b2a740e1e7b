/// Support of tests that run a scenario of several threads in many schedules: its threads and
/// checks, and a class loader that removes one protection.
package ticketing.local.servers.schedule;
