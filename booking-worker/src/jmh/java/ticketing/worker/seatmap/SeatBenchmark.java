package ticketing.worker.seatmap;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.TicketIds;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.domain.seatmap.SeatMap.Parsed;
import ticketing.local.servers.LocalServers;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.decision.BookingDecider;
import ticketing.worker.decision.Inventory;
import ticketing.worker.decision.NumberedSeats;
import ticketing.worker.pipeline.BoxOffice;

/// Time of a batch of bookings for the best available seats of a hall with 60,000 numbered seats.
/// The baseline is the same batch for an event without numbered seats, in alternate turns. A first
/// sale warms up the process, a second one is measured.
public final class SeatBenchmark {

  private static final TicketIds IDS =
      new TicketIds(new byte[TicketIds.MIN_KEY_BYTES], Clock.systemUTC());
  private static final int BATCH_SIZE = 500;
  private static final int BATCHES = 40; // they sell 50,000 of 60,000 seats
  private static final int SECTIONS = 40;
  private static final int ROWS = 30; // in a section
  private static final int SEATS = 50; // in a row
  private static final int VIP_SECTIONS = 10;
  private static final double MAX_RATIO = 1.3;
  private static final Money PRICE = Money.of("10.00");

  private final JdbcClient sql;
  private final BoxOffice office;
  private final SeatMap map = map();

  private SeatBenchmark(ConfigurableApplicationContext worker) {
    this.sql = worker.getBean(JdbcClient.class);
    this.office = worker.getBean(BoxOffice.class);
  }

  /// @param arguments folder of the results
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("seats")) {
      return;
    }
    LocalServers servers = LocalServers.shared();
    String queue = "benchmark-" + UUID.randomUUID();
    servers.newQueues(queue);
    String[] settings =
        WorkerArguments.of(servers, servers.newDatabase(), queue, "--logging.level.root=WARN");
    try (ConfigurableApplicationContext worker =
        SpringApplication.run(WorkerApplication.class, settings)) {
      new SeatBenchmark(worker).run().write(Path.of(arguments[0]));
    }
    System.exit(0);
  }

  private Measurement run() {
    sellPurely();
    sell();
    double[] pure = sellPurely();
    double[] stored = sell();
    System.out.printf(
        Locale.ROOT,
        "decision %.0f us, baseline %.0f us; transaction %.1f ms, baseline %.1f ms%n",
        pure[1] / 1e3,
        pure[0] / 1e3,
        stored[1] / 1e6,
        stored[0] / 1e6);
    return Measurement.of("seats", "mvn -Pbenchmark -Dbenchmark.parts=seats")
        .with(
            Row.of("decisions of a batch of 500, 60,000 seats", pure[1] / 1e3, "us")
                .withBaseline("without numbered seats", pure[0] / 1e3))
        .with(
            Row.of("transaction of a batch of 500, 60,000 seats", stored[1] / 1e6, "ms")
                .withBaseline("without numbered seats", stored[0] / 1e6)
                .withMaxRatio(MAX_RATIO));
  }

  private double[] sellPurely() {
    plain = view(0, false);
    hall = view(0, true);
    taken = SeatBitmap.empty(map);
    return medians(this::decidePurely);
  }

  private double[] sell() {
    long numbered = event(true);
    long unnumbered = event(false);
    return medians(
        turn -> time(() -> office.decide(unnumbered, bookings(unnumbered, turn))),
        turn -> time(() -> office.decide(numbered, bookings(numbered, turn))));
  }

  private static long time(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return System.nanoTime() - start;
  }

  private interface Turns {
    /// Returns the time of both variants in nanoseconds.
    long[] run(int turn);
  }

  private static double[] medians(IntToLongFunction first, IntToLongFunction second) {
    return medians(turn -> new long[] {first.applyAsLong(turn), second.applyAsLong(turn)});
  }

  private static double[] medians(Turns turns) {
    List<long[]> times = new ArrayList<>();
    for (int turn = 0; turn < BATCHES; turn++) {
      times.add(turns.run(turn));
    }
    return IntStream.range(0, 2)
        .mapToDouble(variant -> {
          long[] sorted = times.stream().mapToLong(time -> time[variant]).sorted().toArray();
          return sorted[sorted.length / 2];
        })
        .toArray();
  }

  private EventView plain;
  private EventView hall;
  private SeatBitmap taken;

  private long[] decidePurely(int turn) {
    List<Command> commands = bookings(0, turn);
    Instant now = Instant.now();
    Inventory inventory =
        new Inventory(Optional.of(plain), Map.of(), Map.of(), List.of(), NumberedSeats.NONE);
    Inventory numbered =
        new Inventory(
            Optional.of(hall),
            Map.of(),
            Map.of(),
            List.of(),
            new NumberedSeats(taken, 1, Map.of(), true));
    long bare = time(() -> plain = BookingDecider.decide(inventory, commands, now).applyTo(plain));
    long seats =
        time(() -> {
          var batch = BookingDecider.decide(numbered, commands, now);
          hall = batch.applyTo(hall);
          taken = batch.numberedSeats().taken();
        });
    return new long[] {bare, seats};
  }

  private static List<Command> bookings(long event, int turn) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    return IntStream.range(0, BATCH_SIZE)
        .<Command>mapToObj(i ->
            new Command.BookSeats(
                IDS.newId("buyer"),
                "buyer-" + turn + "-" + i,
                event,
                i % 4 == 0 ? "VIP" : "S",
                1 + i % 4,
                now))
        .toList();
  }

  private EventView view(long id, boolean numbered) {
    Map<String, Integer> counts = map().countByType();
    return EventView.builder(id, "Hot", Instant.parse("2037-01-01T10:00:00Z"))
        .seatMapRevision(numbered ? 1 : null)
        .seatTypes(
            counts.entrySet().stream()
                .map(type ->
                    new SeatTypeView(type.getKey(), PRICE, type.getValue(), type.getValue()))
                .toList())
        .build();
  }

  private long event(boolean numbered) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date,
                   seat_map_revision)
            VALUES ('Hot', ?, ?, '2037-01-01 10:00:00', ?)\
            """)
        .params(Arrays.asList(map.seatCount(), map.seatCount(), numbered ? 1 : null))
        .update();
    long id = sql.sql("SELECT MAX(id) FROM events").query(Long.class).single();
    map.countByType()
        .forEach((type, seats) ->
            sql.sql("INSERT INTO seat_types VALUES (?, ?, 10.00, ?, ?)")
                .params(id, type, seats, seats)
                .update());
    if (numbered) {
      sql.sql("INSERT INTO seat_maps VALUES (?, 1, ?, UTC_TIMESTAMP(6))")
          .params(id, map.toGzip())
          .update();
      for (int ordinal = 0; ordinal < map.sections().size(); ordinal++) {
        SeatMap.Section section = map.sections().get(ordinal);
        sql.sql("INSERT INTO seat_sections VALUES (?, ?, ?, ?, ?)")
            .params(
                id,
                ordinal,
                section.name(),
                section.seatCount(),
                SeatBitmap.empty(map).section(ordinal))
            .update();
      }
    }
    return id;
  }

  /// Rows near the stage and seats near the middle rank better.
  private static SeatMap map() {
    StringBuilder json = new StringBuilder("{\"sections\":[");
    for (int section = 0; section < SECTIONS; section++) {
      json.append(section == 0 ? "" : ",")
          .append("{\"section\":\"S%d\",\"rows\":[".formatted(section));
      for (int row = 0; row < ROWS; row++) {
        json.append(row == 0 ? "" : ",").append("{\"row\":\"%d\",\"seats\":[".formatted(row));
        for (int seat = 0; seat < SEATS; seat++) {
          json.append(seat == 0 ? "" : seat == SEATS / 2 ? ",null," : ",")
              .append(
                  "{\"id\":\"%d-%d-%d\",\"seatType\":\"%s\",\"rank\":%d,\"x\":%d,\"y\":%d}"
                      .formatted(
                          section,
                          row,
                          seat,
                          section < VIP_SECTIONS ? "VIP" : "S",
                          1 + row * 100 + Math.abs(seat - SEATS / 2) + section,
                          seat,
                          row));
        }
        json.append("]}");
      }
      json.append("]}");
    }
    json.append("]}");
    return ((Parsed.Valid)
            SeatMap.parse(Json.INTERNAL.readTree(json.toString()), List.of("VIP", "S")))
        .map();
  }
}
