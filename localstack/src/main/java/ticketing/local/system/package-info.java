/// The local system: applications as child processes with the servers that they need, AOT caches
/// and demo data.
package ticketing.local.system;
