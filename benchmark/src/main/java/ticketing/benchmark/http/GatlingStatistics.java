package ticketing.benchmark.http;

import io.gatling.charts.stats.GeneralStats;
import io.gatling.charts.stats.LogFileData;
import io.gatling.charts.stats.LogFileReader;
import io.gatling.commons.stats.KO$;
import io.gatling.core.config.GatlingConfiguration;
import io.gatling.core.config.GatlingConfiguration$;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import scala.Option;

/// Statistics of a finished Gatling run, computed by Gatling from its `simulation.log`.
final class GatlingStatistics {

  /// Statistics of the requests with one name, in milliseconds. Times include failed requests.
  record RequestStatistics(
      long count, long failed, double mean, double p50, double p95, double p99) {}

  private GatlingStatistics() {}

  /// Reads the newest run below a results folder.
  ///
  /// @return statistics by request name, in the order of the names
  static Map<String, RequestStatistics> read(Path results) throws IOException {
    GatlingConfiguration configuration = GatlingConfiguration$.MODULE$.load();
    LogFileData data =
        LogFileReader.apply(newestRun(results).getFileName().toString(), results, configuration)
            .read();
    Map<String, RequestStatistics> statistics = new TreeMap<>();
    data.allRequestPaths()
        .foreach(path -> statistics.put(path.request(), statistics(data, path.request())));
    return statistics;
  }

  private static Path newestRun(Path results) throws IOException {
    try (Stream<Path> runs = Files.list(results)) {
      return runs.filter(run -> Files.exists(run.resolve("simulation.log")))
          .max(Comparator.naturalOrder())
          .orElseThrow(() -> new IOException("no Gatling run in " + results));
    }
  }

  private static RequestStatistics statistics(LogFileData data, String request) {
    GeneralStats all =
        data.requestGeneralStats(Option.apply(request), Option.empty(), Option.empty()).get();
    long failed =
        data.requestGeneralStats(Option.apply(request), Option.empty(), Option.apply(KO$.MODULE$))
            .map(GeneralStats::count)
            .getOrElse(() -> 0L);
    return new RequestStatistics(
        all.count(),
        failed,
        all.mean(),
        percentile(all, 50),
        percentile(all, 95),
        percentile(all, 99));
  }

  private static double percentile(GeneralStats statistics, double rank) {
    return ((Number) statistics.percentile().apply(rank)).doubleValue();
  }
}
