package ticketing.benchmark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ticketing.benchmark.report.Measurement;

class OnSaleModelTest {

  private static final int HORIZON = OnSaleBenchmark.HORIZON_SECONDS;

  /// Sixty on-sales of a fixed seed.
  static Stream<OnSaleModel> onSales() {
    Random random = new Random(20261101);
    return IntStream.range(0, 60)
        .mapToObj(number -> {
          int min = random.nextInt(2, 5);
          int max = random.nextInt(min, 51);
          return new OnSaleModel(
              random.nextInt(1_000, 1_000_000),
              random.nextInt(100, 3_000),
              random.nextInt(2_000, 20_000),
              random.nextInt(1, 20),
              random.nextInt(min, max + 1),
              min,
              max,
              random.nextInt(10, 600),
              random.nextInt(0, 180),
              random.nextInt(0, 121),
              random.nextInt(0, 5_001));
        });
  }

  @ParameterizedTest
  @MethodSource("onSales")
  void everyRequestIsDecidedOnceAfterItsArrival(OnSaleModel model) {
    List<OnSaleModel.Second> seconds = model.run(HORIZON).seconds();

    double decided = 0;
    for (int now = 0; now < seconds.size(); now++) {
      decided += seconds.get(now).decided();
      double arrived = model.requests() * Math.min(60.0, now + 1) / 60;
      assertThat(decided + seconds.get(now).backlog()).isCloseTo(arrived, within(0.01));
    }
    assertThat(decided).isCloseTo(model.requests(), within(0.01));
  }

  @ParameterizedTest
  @MethodSource("onSales")
  void workersAndDecisionsStayWithinTheirLimits(OnSaleModel model) {
    for (OnSaleModel.Second second : model.run(HORIZON).seconds()) {
      assertThat(second.workers()).isBetween(model.min(), model.max());
      assertThat(second.decided())
          .isLessThanOrEqualTo(
              Math.min(second.workers() * model.workerRate(), model.eventRate()) + 1e-6);
    }
  }

  @ParameterizedTest
  @MethodSource("onSales")
  void firstNewWorkerFollowsThreeValuesAndBoot(OnSaleModel model) {
    OnSaleModel.Run run = model.run(HORIZON);
    if (run.firstScaledAt() >= 0) {
      assertThat(run.firstScaledAt())
          .isGreaterThanOrEqualTo(3 * 60 - 1 + model.metricDelay() + model.boot());
    }
  }

  @ParameterizedTest
  @MethodSource("onSales")
  void moreWorkersAtTheOpeningDrainNoLater(OnSaleModel model) {
    int few = model.withStarted(model.min()).withMax(model.min()).run(HORIZON).drainedAt();
    int scaling = model.withStarted(model.min()).run(HORIZON).drainedAt();
    int all = model.withStarted(model.max()).run(HORIZON).drainedAt();

    assertThat(scaling).isLessThanOrEqualTo(few);
    assertThat(all).isLessThanOrEqualTo(scaling);
  }

  @Test
  void drainWithoutScalingTakesRequestsDividedByRate() {
    OnSaleModel.Run run = OnSaleModel.of(1_000_000).withMax(2).run(HORIZON);
    assertThat(run.drainedAt() + 1).isEqualTo(1_000_000 / (2 * 500));
    // The last request arrives at 60 s and is decided at 1,000 s.
    assertThat(run.longestWait()).isEqualTo(940);
  }

  @Test
  void hotEventLimitsTheDecisionRate() {
    OnSaleModel bounded = OnSaleModel.of(1_000_000).withStarted(20).withWorkerRate(2_000);
    assertThat(bounded.run(HORIZON).drainedAt() + 1)
        .isEqualTo((int) (1_000_000 / bounded.eventRate()));
  }

  @Test
  void backlogBelowTheTargetStartsNoWorker() {
    // 60,000 are decided within the minute; 2 x 5,000 are in flight, and the target is 2 x 2,500.
    OnSaleModel.Run run = OnSaleModel.of(60_000 + 15_000).run(HORIZON);
    assertThat(run.mostWorkers()).isEqualTo(2);
    assertThat(run.firstScaledAt()).isNegative();
  }

  @Test
  void groupReturnsToMinimumAfterFifteenLowValues() {
    OnSaleModel.Run run = OnSaleModel.of(1_000_000).run(HORIZON);
    assertThat(run.seconds().get(run.drainedAt() + 14 * 60).workers()).isEqualTo(20);
    assertThat(run.seconds().get(run.drainedAt() + 18 * 60).workers()).isEqualTo(2);
  }

  @Test
  void undecidedRequestsAtTheEndAreAnError() {
    assertThatThrownBy(() -> OnSaleModel.of(1_000_000).run(300))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void modelHasTheDefaultsOfTerraform() throws IOException {
    String variables = Files.readString(Path.of("..", "terraform", "variables.tf"));
    String policy = Files.readString(Path.of("..", "terraform", "service_booking_worker.tf"));
    OnSaleModel model = OnSaleModel.of(1);

    assertThat(model.workerRate())
        .isEqualTo(number(variables, "\"worker_rate\".*?default += (\\d+)"));
    assertThat(model.targetLatency())
        .isEqualTo(number(variables, "\"wanted_latency_seconds\".*?default += (\\d+)"));
    assertThat(model.min())
        .isEqualTo(number(variables, "\"booking_worker\".*?min += optional\\(number, (\\d+)"));
    assertThat(model.max())
        .isEqualTo(number(variables, "\"booking_worker\".*?max += optional\\(number, (\\d+)"));
    assertThat(model.warmup()).isEqualTo(number(policy, "estimated_instance_warmup += (\\d+)"));
    String worker =
        Files.readString(
            Path.of("..", "booking-worker", "src", "main", "resources", "application.yaml"));
    assertThat(model.held()).isEqualTo(number(worker, "TICKETING_WORKER_MAX_IN_FLIGHT:(\\d+)"));
  }

  @Test
  void publishedResultsAreThoseOfTheModel() throws IOException {
    Measurement published =
        Measurement.read(Path.of("..", "docs", "benchmarks", OnSaleBenchmark.NAME + ".json"));
    Measurement computed = OnSaleBenchmark.measurement();
    assertThat(published.rows()).isEqualTo(computed.rows());
    assertThat(published.series())
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(computed.series());
  }

  private static int number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(text);
    assertThat(matcher.find()).as(pattern).isTrue();
    return Integer.parseInt(matcher.group(1));
  }
}
