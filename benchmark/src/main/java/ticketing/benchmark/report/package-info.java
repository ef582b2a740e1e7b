/// How fast and how large the system is: measurements from outside, and models of what cannot be
/// measured here. Nothing in it is shipped.
package ticketing.benchmark.report;
