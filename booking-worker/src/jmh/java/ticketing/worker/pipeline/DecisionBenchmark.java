package ticketing.worker.pipeline;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.report.Measurement.Series;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.CommandCodec;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import ticketing.status.StatusEntry;
import ticketing.worker.decision.BookingDecider;
import ticketing.worker.decision.Inventory;
import tools.jackson.databind.JsonNode;

/// JMH benchmark of the pure functions, without servers. The baseline of a decision is a count in a
/// map. The baseline of a document (queue message, status entry, event) is a Jackson tree of the
/// same JSON.
///
/// All members are public, because JMH generates its classes in another package.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DecisionBenchmark {

  private static final TicketIds IDS =
      new TicketIds(new byte[TicketIds.MIN_KEY_BYTES], Clock.systemUTC());

  private static final int[] BATCH_SIZES = {1, 10, 500};
  private static final int USERS = 200; // in a batch of 500 some users book twice
  private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.MICROS);

  /// Batch of commands with its inventory.
  @State(Scope.Benchmark)
  public static class Batch {

    @Param({"1", "10", "500"})
    public int commands;

    private Inventory inventory;
    private List<Command> batch;

    @Setup
    public void prepare() {
      batch = IntStream.range(0, commands).<Command>mapToObj(Batch::book).toList();
      inventory = new Inventory(Optional.of(event()), Map.of(), Map.of(), List.of());
    }

    private static BookSeats book(int i) {
      return new BookSeats(
          IDS.newId("buyer"),
          "buyer-" + i % USERS,
          1,
          i % 4 == 0 ? "VIP" : "S",
          1 + i % 3,
          NOW.plus(i, ChronoUnit.MICROS));
    }
  }

  /// Documents, each as object, text and tree.
  @State(Scope.Benchmark)
  public static class Documents {

    private final BookSeats command =
        new BookSeats(IDS.newId("buyer"), "buyer-17", 1, "VIP", 2, NOW);
    private final Ticket ticket =
        Ticket.pending(command)
            .decided(
                TicketStatus.CONFIRMED,
                new Ticket.Booked(42, "VIP", 2, Money.of("300000.00")),
                NOW.plusMillis(100));
    private final StatusEntry entry = StatusEntry.decided("buyer-17", null, ticket);
    private final EventView event = event();

    private final String message = CommandCodec.encode(command);
    private final JsonNode messageTree = Json.INTERNAL.readTree(message);
    private final String entryJson = Json.INTERNAL.writeValueAsString(entry);
    private final JsonNode entryTree = Json.INTERNAL.readTree(entryJson);
    private final String eventJson = Json.INTERNAL.writeValueAsString(event);
    private final JsonNode eventTree = Json.INTERNAL.readTree(eventJson);
  }

  private static EventView event() {
    return EventView.builder(1, "Concert", Instant.parse("2030-12-24T10:00:00Z"))
        .venue("Hall", "Seoul")
        .maxSeatsPerUser(4)
        .seatTypes(
            List.of(
                new SeatTypeView("VIP", Money.of("150000.00"), 500_000, 500_000),
                new SeatTypeView("S", Money.of("99000.00"), 500_000, 500_000)))
        .version(1)
        .build();
  }

  @Benchmark
  public Object decide(Batch state) {
    return BookingDecider.decide(state.inventory, state.batch, NOW);
  }

  /// Minimal state of a decision: the seats of each buyer, and the available seats.
  @Benchmark
  public Object decideBare(Batch state) {
    Map<String, Integer> taken = new HashMap<>();
    int available = 1_000_000;
    for (Command command : state.batch) {
      BookSeats book = (BookSeats) command;
      taken.merge(book.userId(), book.quantity(), Integer::sum);
      available -= book.quantity();
    }
    taken.put("", available);
    return taken;
  }

  @Benchmark
  public Object messageWrite(Documents state) {
    return CommandCodec.encode(state.command);
  }

  @Benchmark
  public Object messageWriteBare(Documents state) {
    return Json.INTERNAL.writeValueAsString(state.messageTree);
  }

  @Benchmark
  public Object messageRead(Documents state) {
    return CommandCodec.decode(state.message);
  }

  @Benchmark
  public Object messageReadBare(Documents state) {
    return Json.INTERNAL.readTree(state.message);
  }

  @Benchmark
  public Object entryWrite(Documents state) {
    return Json.INTERNAL.writeValueAsString(state.entry);
  }

  @Benchmark
  public Object entryWriteBare(Documents state) {
    return Json.INTERNAL.writeValueAsString(state.entryTree);
  }

  @Benchmark
  public Object entryRead(Documents state) {
    return Json.INTERNAL.readValue(state.entryJson, StatusEntry.class);
  }

  @Benchmark
  public Object entryReadBare(Documents state) {
    return Json.INTERNAL.readTree(state.entryJson);
  }

  @Benchmark
  public Object eventWrite(Documents state) {
    return Json.INTERNAL.writeValueAsString(state.event);
  }

  @Benchmark
  public Object eventWriteBare(Documents state) {
    return Json.INTERNAL.writeValueAsString(state.eventTree);
  }

  @Benchmark
  public Object eventRead(Documents state) {
    return Json.INTERNAL.readValue(state.eventJson, EventView.class);
  }

  @Benchmark
  public Object eventReadBare(Documents state) {
    return Json.INTERNAL.readTree(state.eventJson);
  }

  /// @param arguments folder of the results
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("decisions")) {
      return;
    }
    TimeValue iteration = TimeValue.milliseconds(Integer.getInteger("benchmark.jmh.millis", 150));
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(DecisionBenchmark.class.getName())
                    .forks(Integer.getInteger("benchmark.jmh.forks", 1))
                    .warmupIterations(4)
                    .warmupTime(iteration)
                    .measurementIterations(5)
                    .measurementTime(iteration)
                    .addProfiler(GCProfiler.class)
                    .jvmArgs("-Xmx512m", "-XX:+UseSerialGC")
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    new Results(results).measurement().write(Path.of(arguments[0]));
  }

  private record Results(Collection<RunResult> all) {

    /// @param commands size of the batch; 0 for a document
    private RunResult of(String name, int commands) {
      return all.stream()
          .filter(result -> result.getParams().getBenchmark().endsWith("." + name))
          .filter(result ->
              commands == 0
                  || result.getParams().getParam("commands").equals(String.valueOf(commands)))
          .findFirst()
          .orElseThrow();
    }

    private double nanos(String name, int commands) {
      return of(name, commands).getPrimaryResult().getScore() / Math.max(1, commands);
    }

    private double bytes(String name, int commands) {
      return of(name, commands).getSecondaryResults().entrySet().stream()
              .filter(result -> result.getKey().endsWith("gc.alloc.rate.norm"))
              .mapToDouble(result -> result.getValue().getScore())
              .findFirst()
              .orElseThrow()
          / Math.max(1, commands);
    }

    private Row row(String figure, String name, int commands, String baseline) {
      String bare = name + "Bare";
      return Row.of(figure, nanos(name, commands), "ns")
          .withBaseline(baseline, nanos(bare, commands))
          .withNote(
              "%,.0f B allocated; baseline %,.0f B"
                  .formatted(bytes(name, commands), bytes(bare, commands)));
    }

    private Measurement measurement() {
      Measurement measurement =
          Measurement.of("decisions", "mvn -Pbenchmark -Dbenchmark.parts=decisions");
      List<double[]> decide = new ArrayList<>();
      List<double[]> bare = new ArrayList<>();
      for (int commands : BATCH_SIZES) {
        measurement =
            measurement.with(
                row(
                    "decision in a batch of " + commands,
                    "decide",
                    commands,
                    "count in a HashMap"));
        decide.add(new double[] {commands, nanos("decide", commands)});
        bare.add(new double[] {commands, nanos("decideBare", commands)});
      }
      for (String[] document :
          new String[][] {
            {"queue message", "message"}, {"status entry", "entry"}, {"event", "event"}
          }) {
        measurement =
            measurement
                .with(row(document[0] + ", write", document[1] + "Write", 0, "Jackson tree"))
                .with(row(document[0] + ", parse", document[1] + "Read", 0, "Jackson tree"));
      }
      return measurement
          .with(new Series("decision", "commands in the batch", "ns per command", decide))
          .with(new Series("count in a HashMap", "commands in the batch", "ns per command", bare));
    }
  }
}
