/// Operator API: queue, cache eviction, sale statistics, pause and resume, and the simulated
/// on-sale of the local profile.
package ticketing.ingress.operations;
