package ticketing.benchmark.support;

import java.util.List;

/// Percentiles of measured values.
public final class Percentiles {

  private Percentiles() {}

  /// @param share at least 0 and below 1
  /// @return NaN without values
  public static double of(List<Double> values, double share) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.isEmpty() ? Double.NaN : sorted.get((int) (sorted.size() * share));
  }
}
