/// Format of benchmark results, and the page `docs/benchmarks/results.md` that is generated from
/// them.
package ticketing.benchmark.report;
