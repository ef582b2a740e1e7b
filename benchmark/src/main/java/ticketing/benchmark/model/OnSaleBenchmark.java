package ticketing.benchmark.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.report.Measurement.Series;

/// Results of [OnSaleModel] for 100,000 and 1,000,000 requests in the first minute, for several
/// preparations and worker rates.
final class OnSaleBenchmark {

  static final String NAME = "on-sale-model";
  static final int HORIZON_SECONDS = 3 * 3600;

  private static final String PART = "model";
  private static final String UNPREPARED = "2 workers, scaling";
  private static final int WARM_POOL_BOOT_SECONDS = 45; // without installation and download
  private static final List<Integer> REQUESTS = List.of(100_000, 1_000_000);
  private static final List<Double> WORKER_RATES = List.of(250.0, 1_000.0, 2_000.0);
  private static final int SERIES_STEP_SECONDS = 5;

  private OnSaleBenchmark() {}

  /// @param arguments folder of the results
  public static void main(String[] arguments) throws IOException {
    if (Measurement.isSelected(PART)) {
      measurement().write(Path.of(arguments[0]));
    }
  }

  static Measurement measurement() {
    Measurement measurement =
        Measurement.of(NAME, "mvn -Pbenchmark -Dbenchmark.parts=model,report");
    for (int requests : REQUESTS) {
      for (Map.Entry<String, OnSaleModel> preparation : preparations(requests).entrySet()) {
        measurement =
            measurement.with(row(requests, preparation.getKey(), preparation.getValue(), null));
      }
    }
    for (double rate : WORKER_RATES) {
      for (Map.Entry<String, OnSaleModel> preparation : preparations(1_000_000).entrySet()) {
        OnSaleModel model = preparation.getValue().withWorkerRate(rate);
        measurement = measurement.with(row(1_000_000, preparation.getKey(), model, rate));
      }
    }
    for (Map.Entry<String, OnSaleModel> preparation : preparations(1_000_000).entrySet()) {
      OnSaleModel.Run run = preparation.getValue().run(HORIZON_SECONDS);
      measurement =
          measurement.with(
              new Series(
                  preparation.getKey(), "seconds after the opening", "undecided", points(run)));
    }
    return measurement;
  }

  /// Preparations of an on-sale, by name.
  static Map<String, OnSaleModel> preparations(int requests) {
    OnSaleModel model = OnSaleModel.of(requests);
    Map<String, OnSaleModel> preparations = new LinkedHashMap<>();
    preparations.put(UNPREPARED, model);
    preparations.put("2 workers, scaling from a warm pool", model.withBoot(WARM_POOL_BOOT_SECONDS));
    preparations.put("6 workers pre-warmed", model.withStarted(6));
    preparations.put("20 workers pre-warmed", model.withStarted(20));
    preparations.put("2 workers, no scaling", model.withMax(2));
    return preparations;
  }

  /// @param rate rate of a worker in the name of the row; null: the default
  private static Row row(int requests, String preparation, OnSaleModel model, Double rate) {
    OnSaleModel unprepared = preparations(requests).get(UNPREPARED);
    OnSaleModel baseline = rate == null ? unprepared : unprepared.withWorkerRate(rate);
    OnSaleModel.Run run = model.run(HORIZON_SECONDS);
    String suffix = rate == null ? "" : String.format(Locale.ROOT, ", %,.0f/s per worker", rate);
    Row row =
        Row.of(
            String.format(
                Locale.ROOT, "drain of %,d requests, %s%s", requests, preparation, suffix),
            run.drainedAt() + 1.0,
            "s");
    return (preparation.equals(UNPREPARED)
            ? row
            : row.withBaseline(UNPREPARED, baseline.run(HORIZON_SECONDS).drainedAt() + 1.0))
        .withNote(
            String.format(
                Locale.ROOT,
                "wait p50 %,.0f s, max %,.0f s; first new worker %s; max %d workers",
                run.medianWait(),
                run.longestWait(),
                run.firstScaledAt() < 0 ? "never" : "at " + run.firstScaledAt() + " s",
                run.mostWorkers()));
  }

  private static List<double[]> points(OnSaleModel.Run run) {
    List<double[]> points = new ArrayList<>();
    for (int now = 0; now < run.drainedAt(); now += SERIES_STEP_SECONDS) {
      points.add(new double[] {now, Math.rint(run.seconds().get(now).backlog())});
    }
    points.add(new double[] {run.drainedAt(), 0});
    return points;
  }
}
