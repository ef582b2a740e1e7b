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

class OnSaleModelTest {

  private static final int HORIZON = DrainCurve.HORIZON;

  /// Many different on-sales, always the same ones.
  static Stream<OnSaleModel> onSales() {
    Random dice = new Random(20261101);
    return IntStream.range(0, 60)
        .mapToObj(
            number -> {
              int min = dice.nextInt(2, 5);
              int max = dice.nextInt(min, 51);
              return new OnSaleModel(
                  dice.nextInt(1_000, 1_000_000),
                  dice.nextInt(100, 3_000),
                  dice.nextInt(2_000, 20_000),
                  dice.nextInt(1, 20),
                  dice.nextInt(min, max + 1),
                  min,
                  max,
                  dice.nextInt(10, 600),
                  dice.nextInt(0, 180),
                  dice.nextInt(0, 121),
                  dice.nextInt(0, 5_001));
            });
  }

  @ParameterizedTest
  @MethodSource("onSales")
  void everyRequestIsDecidedOnceAndNoneBeforeItCame(OnSaleModel model) {
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
  void neverMoreWorkersThanAllowedNorMoreDecidedThanTheyCan(OnSaleModel model) {
    for (OnSaleModel.Second second : model.run(HORIZON).seconds()) {
      assertThat(second.workers()).isBetween(model.min(), model.max());
      assertThat(second.decided())
          .isLessThanOrEqualTo(
              Math.min(second.workers() * model.workerRate(), model.eventRate()) + 1e-6);
    }
  }

  @ParameterizedTest
  @MethodSource("onSales")
  void noNewWorkerBeforeThreeFiguresTheirDelayAndTheBoot(OnSaleModel model) {
    OnSaleModel.Run run = model.run(HORIZON);
    if (run.firstScaledAt() >= 0) {
      assertThat(run.firstScaledAt())
          .isGreaterThanOrEqualTo(3 * 60 - 1 + model.metricDelay() + model.boot());
    }
  }

  @ParameterizedTest
  @MethodSource("onSales")
  void moreWorkersAtTheOpeningNeverDrainLater(OnSaleModel model) {
    int few = model.startedWith(model.min()).limitedTo(model.min()).run(HORIZON).drainedAt();
    int scaling = model.startedWith(model.min()).run(HORIZON).drainedAt();
    int all = model.startedWith(model.max()).run(HORIZON).drainedAt();

    assertThat(scaling).isLessThanOrEqualTo(few);
    assertThat(all).isLessThanOrEqualTo(scaling);
  }

  @Test
  void withoutScalingTheDrainTakesRequestsByRate() {
    OnSaleModel.Run run = OnSaleModel.of(1_000_000).limitedTo(2).run(HORIZON);
    assertThat(run.drainedAt() + 1).isEqualTo(1_000_000 / (2 * 500));
    // The last request came at 60 s and was decided at 1,000 s.
    assertThat(run.longestWait()).isEqualTo(940);
  }

  @Test
  void hotEventBoundsWhatTheFleetDecides() {
    OnSaleModel bounded = OnSaleModel.of(1_000_000).startedWith(20).deciding(2_000);
    assertThat(bounded.run(HORIZON).drainedAt() + 1)
        .isEqualTo((int) (1_000_000 / bounded.eventRate()));
  }

  @Test
  void backlogBelowTheTargetOrdersNobody() {
    // 60,000 are decided within the minute; 2 workers hold 2 x 5,000, and 2 x 2,500 may wait.
    OnSaleModel.Run run = OnSaleModel.of(60_000 + 15_000).run(HORIZON);
    assertThat(run.mostWorkers()).isEqualTo(2);
    assertThat(run.firstScaledAt()).isNegative();
  }

  @Test
  void groupGoesBackToItsMinimumAfterFifteenQuietFigures() {
    OnSaleModel.Run run = OnSaleModel.of(1_000_000).run(HORIZON);
    assertThat(run.seconds().get(run.drainedAt() + 14 * 60).workers()).isEqualTo(20);
    assertThat(run.seconds().get(run.drainedAt() + 18 * 60).workers()).isEqualTo(2);
  }

  @Test
  void doesNotPretendToHaveDrained() {
    assertThatThrownBy(() -> OnSaleModel.of(1_000_000).run(300))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void modelHasTheDefaultsOfTheAwsDescription() throws IOException {
    String variables = Files.readString(Path.of("..", "terraform", "variables.tf"));
    String policy = Files.readString(Path.of("..", "terraform", "service_booking_worker.tf"));
    OnSaleModel model = OnSaleModel.of(1);

    assertThat(model.workerRate())
        .isEqualTo(number(variables, "\"worker_rate\".*?default += (\\d+)"));
    assertThat(model.wantedLatency())
        .isEqualTo(number(variables, "\"wanted_latency_seconds\".*?default += (\\d+)"));
    assertThat(model.min())
        .isEqualTo(number(variables, "\"booking_worker\".*?min += optional\\(number, (\\d+)"));
    assertThat(model.max())
        .isEqualTo(number(variables, "\"booking_worker\".*?max += optional\\(number, (\\d+)"));
    assertThat(model.warmup()).isEqualTo(number(policy, "estimated_instance_warmup += (\\d+)"));
    String worker =
        Files.readString(
            Path.of("..", "booking-worker", "src", "main", "resources", "application.yaml"));
    assertThat(model.held()).isEqualTo(number(worker, "TICKETING_WORKER_IN_FLIGHT:(\\d+)"));
  }

  @Test
  void publishedFiguresAndPlotsAreThoseOfTheModel() throws IOException {
    Path measurements = Path.of("..", "docs", "measurements");
    assertThat(Files.readString(measurements.resolve("autoscaling.md")))
        .contains(DrainCurve.table())
        .contains(DrainCurve.rateTable());
    for (var plot : DrainCurve.plots().entrySet()) {
      assertThat(Files.readString(measurements.resolve(plot.getKey()))).isEqualTo(plot.getValue());
    }
  }

  private static int number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(text);
    assertThat(matcher.find()).as(pattern).isTrue();
    return Integer.parseInt(matcher.group(1));
  }
}
