package ticketing.simulation.loader;

import java.util.List;

/// Result of one seed.
///
/// @param violations violated guarantees; empty: none
/// @param hash of all lines of the log
/// @param log lines of the run; empty if they are not kept
/// @param elements number of elements of the plan that can be omitted
/// @param plan readable plan
public record RunReport(
    long seed, List<String> violations, long hash, String log, int elements, String plan) {}
