package ticketing.benchmark.model;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ticketing.benchmark.report.Plot;

/// Plots how the queue drains after 100,000 and after 1,000,000 requests in the first minute, and
/// prints the table of `docs/measurements/autoscaling.md`.
final class DrainCurve {

  static final int HORIZON = 3 * 3600; // s
  private static final int WARM_POOL_BOOT = 45; // s: no installation, no download
  private static final List<Integer> REQUESTS = List.of(100_000, 1_000_000);
  private static final List<Double> RATES = List.of(250.0, 500.0, 1_000.0, 2_000.0);

  private DrainCurve() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    for (Map.Entry<String, String> plot : plots().entrySet()) {
      Files.writeString(folder.resolve(plot.getKey()), plot.getValue());
    }
    new PrintStream(System.out, true, StandardCharsets.UTF_8).print(table() + "\n" + rateTable());
  }

  /// The ways of being prepared, by name.
  static Map<String, OnSaleModel> preparations(int requests) {
    OnSaleModel model = OnSaleModel.of(requests);
    Map<String, OnSaleModel> preparations = new LinkedHashMap<>();
    preparations.put("not prepared: 2 workers", model);
    preparations.put("warm pool", model.booting(WARM_POOL_BOOT));
    preparations.put("pre-warmed: 6 workers", model.startedWith(6));
    preparations.put("pre-warmed: 20 workers", model.startedWith(20));
    preparations.put("2 workers for ever", model.limitedTo(2));
    return preparations;
  }

  /// File name => SVG.
  static Map<String, String> plots() {
    Map<String, String> plots = new LinkedHashMap<>();
    for (int requests : REQUESTS) {
      String size = String.format(Locale.ROOT, "%,d", requests);
      Plot backlog =
          new Plot(
              size + " requests in the first minute", "seconds after the opening", "undecided");
      Plot workers =
          new Plot(size + " requests in the first minute", "seconds after the opening", "workers");
      preparations(requests)
          .forEach(
              (name, model) -> {
                OnSaleModel.Run run = model.run(HORIZON);
                backlog.curve(name, points(run, run.drainedAt(), false));
                if (model.max() > model.min()) {
                  workers.curve(name, points(run, Math.max(600, run.drainedAt()), true));
                }
              });
      plots.put("autoscaling-backlog-" + requests + ".svg", backlog.svg());
      plots.put("autoscaling-workers-" + requests + ".svg", workers.svg());
    }
    return plots;
  }

  private static List<double[]> points(OnSaleModel.Run run, int end, boolean workers) {
    List<double[]> points = new ArrayList<>();
    for (int now = 0; now <= end; now += now < end && end - now < 5 ? end - now : 5) {
      OnSaleModel.Second second = run.seconds().get(now);
      points.add(new double[] {now, workers ? second.workers() : second.backlog()});
    }
    return points;
  }

  static String table() {
    StringBuilder out = new StringBuilder();
    out.append("| requests | prepared how | drained after | half waited at most | longest wait |");
    out.append(" first new worker | most workers |\n|---:|---|---:|---:|---:|---:|---:|\n");
    for (int requests : REQUESTS) {
      preparations(requests)
          .forEach((name, model) -> out.append(row(requests, name, model.run(HORIZON))));
    }
    return out.toString();
  }

  private static String row(int requests, String name, OnSaleModel.Run run) {
    return String.format(
        Locale.ROOT,
        "| %,d | %s | %,d s | %,.0f s | %,.0f s | %s | %d |\n",
        requests,
        name,
        run.drainedAt() + 1,
        run.medianWait(),
        run.longestWait(),
        run.firstScaledAt() < 0 ? "-" : run.firstScaledAt() + " s",
        run.mostWorkers());
  }

  /// The same for other rates of a worker, as the one assumed is not measured on AWS.
  static String rateTable() {
    StringBuilder out = new StringBuilder("| requests | prepared how |");
    RATES.forEach(rate -> out.append(String.format(Locale.ROOT, " %,.0f/s |", rate)));
    out.append("\n|---:|---|").append("---:|".repeat(RATES.size())).append('\n');
    for (int requests : REQUESTS) {
      for (String name : preparations(requests).keySet()) {
        out.append(String.format(Locale.ROOT, "| %,d | %s |", requests, name));
        for (double rate : RATES) {
          OnSaleModel model = preparations(requests).get(name).deciding(rate);
          out.append(String.format(Locale.ROOT, " %,d s |", model.run(HORIZON).drainedAt() + 1));
        }
        out.append('\n');
      }
    }
    return out.toString();
  }
}
