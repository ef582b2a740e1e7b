package ticketing.benchmark.socket;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.report.Measurement.Series;
import ticketing.benchmark.socket.ServerProcess.Container;
import ticketing.benchmark.socket.ServerProcess.Memory;
import ticketing.benchmark.support.AccessTokens;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.domain.seatmap.SeatsView;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.security.Role;
import ticketing.status.EventCache;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;

/// Cost of many open WebSockets of one notifier, and time from a decision to its frame. The
/// baseline is an echo server on the same container.
///
/// The notifier and Redis are separate processes. The clients and the publisher of decisions share
/// this process, so one clock measures the decision and its frame.
final class SocketBenchmark {

  private static final String PART = "sockets";
  private static final int STANDARD_CONNECTIONS = 10_000;
  private static final int MAX_HANDSHAKES = 100;
  private static final int RATE = 1_000; // decisions or echoes a second
  private static final int TICK_MILLIS = 10; // between two batches of decisions
  private static final Duration MEASURED =
      Duration.ofSeconds(Integer.getInteger("benchmark.sockets.seconds", 6));
  private static final Duration WARM_UP = MEASURED.dividedBy(2);
  private static final int WATCHERS = 10_000; // connections of one event
  private static final int UPDATES = 10; // measured changes of the event
  private static final int WARM_UP_UPDATES = 5;
  private static final int MAX_WARM_UP_CONNECTIONS = 2_000;
  private static final long KIB = 1_024;
  private static final int RESERVED_FILES = 500; // open files of this process
  private static final double MAX_HEAP_KIB = 10;
  private static final double MAX_LATENCY_MILLIS = 100;
  private static final double MAX_MAP_LATENCY_MILLIS = 300;
  private static final int SECTIONS = 20; // of a hall with 10,000 seats
  private static final int SECTION_BYTES = 63; // bitmap of 500 seats
  private static final int MAX_CONCURRENT_STORES = 5_000;
  private static final String BUYER = "17";

  private final StatusStore statusStore;
  private final EventCache eventCache;
  private final String redisAddress;
  private final Path folder;
  private final List<String> options;
  private Measurement measurement;

  private SocketBenchmark(
      RedisGateway redis,
      String redisAddress,
      Path folder,
      List<String> options,
      Measurement measurement) {
    StatusStoreSettings settings =
        new StatusStoreSettings(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1));
    this.statusStore = new StatusStore(redis, settings);
    this.eventCache = new EventCache(redis, settings);
    this.redisAddress = redisAddress;
    this.folder = folder;
    this.options = options;
    this.measurement = measurement;
  }

  /// @param arguments folder of the results; work folder
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected(PART)) {
      return;
    }
    List<Integer> sizes =
        Arrays.stream(System.getProperty("benchmark.sockets", "10000").split(","))
            .map(size -> Math.min(Integer.parseInt(size), maxConnections()))
            .toList();
    List<Container> containers =
        Arrays.stream(System.getProperty("benchmark.containers", "tomcat").split(","))
            .map(name -> Container.valueOf(name.toUpperCase(Locale.ROOT)))
            .toList();
    boolean standard = sizes.equals(List.of(STANDARD_CONNECTIONS)) && containers.size() == 1;
    LocalServers servers = LocalServers.shared();
    try (RedisGateway redis =
        RedisGateway.connect(
            new RedisSettings(
                List.of(servers.redisAddress()),
                false,
                "",
                Duration.ofSeconds(10),
                1,
                Duration.ofMillis(100),
                8))) {
      SocketBenchmark benchmark =
          new SocketBenchmark(
              redis,
              servers.redisAddress(),
              Files.createDirectories(Path.of(arguments[1]).toAbsolutePath()),
              List.of(
                  System.getProperty("benchmark.sockets.options", "-Xms192m -Xmx2g").split(" ")),
              Measurement.of(
                  standard ? PART : PART + "-large",
                  "mvn -Pbenchmark -Dbenchmark.parts=sockets"
                      + (standard
                          ? ""
                          : " -Dbenchmark.sockets=%s -Dbenchmark.containers=%s"
                              .formatted(
                                  System.getProperty("benchmark.sockets"),
                                  System.getProperty("benchmark.containers")))));
      for (int connections : sizes) {
        for (Container container : containers) {
          benchmark.run(container, connections);
          benchmark.measurement.write(Path.of(arguments[0]));
        }
      }
    }
    System.exit(0);
  }

  /// Limit by the open files of this process; each connection is one.
  private static int maxConnections() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? Math.toIntExact(Math.min(1_000_000, unix.getMaxFileDescriptorCount() - RESERVED_FILES))
        : Integer.MAX_VALUE;
  }

  /// Figures of one server.
  ///
  /// @param nanos latencies, sorted
  private record Figures(
      double heapKib, double residentKib, double opensPerSecond, double rate, long[] nanos) {

    double millis(double percentile) {
      return nanos[(int) Math.ceil(percentile / 100 * nanos.length) - 1] / 1e6;
    }

    Series series(String name) {
      List<double[]> points = new ArrayList<>();
      for (double percentile : new double[] {50, 75, 90, 95, 98, 99, 99.5, 99.9}) {
        points.add(new double[] {percentile, millis(percentile)});
      }
      return new Series(name, "percentile", "ms", points);
    }
  }

  private void run(Container container, int connections) throws Exception {
    String suffix = ", %,d connections, %s".formatted(connections, container.title());
    Figures echo = measureEcho(container, connections);
    Figures notifier = measureNotifier(container, connections);
    add(
        Row.of("heap of a subscribed connection" + suffix, notifier.heapKib, "KiB")
            .withBaseline("(f) idle echo", echo.heapKib)
            .withMax(MAX_HEAP_KIB));
    add(
        Row.of("resident memory of a subscribed connection" + suffix, notifier.residentKib, "KiB")
            .withBaseline("(f) idle echo", echo.residentKib));
    add(
        Row.of("connections opened" + suffix, notifier.opensPerSecond, "1/s")
            .withBaseline("(f) idle echo", echo.opensPerSecond));
    add(
        Row.of("decision to frame, p50" + suffix, notifier.millis(50), "ms")
            .withBaseline("(f) echo, round trip", echo.millis(50)));
    add(
        Row.of("decision to frame, p99" + suffix, notifier.millis(99), "ms")
            .withBaseline("(f) echo, round trip", echo.millis(99))
            .withMax(MAX_LATENCY_MILLIS)
            .withNote("%,.0f decisions a second".formatted(notifier.rate)));
    measurement =
        measurement
            .with(notifier.series("decision to frame" + suffix))
            .with(echo.series("(f) echo, round trip" + suffix));
    if (connections == WATCHERS) {
      long eventId = 1_000_000 + System.nanoTime() % 1_000_000;
      add(
          feedRow(
              "change of an event",
              container,
              measureFeed(
                  container,
                  "/ws/events/" + eventId,
                  version -> eventCache.refresh(event(eventId, 1_000 - version, version)).join())));
      add(
          feedRow(
                  "change of a seat map",
                  container,
                  measureFeed(
                      container,
                      "/ws/events/" + eventId + "/seats",
                      version ->
                          statusStore.publish(
                              List.of(
                                  new StatusStore.Publication(
                                      List.of(), 0, null, List.of(), seats(eventId, version))))))
              .withMax(MAX_MAP_LATENCY_MILLIS));
    }
  }

  private static Row feedRow(String name, Container container, Figures feed) {
    return Row.of(
            name + " to frame, 10,000 watchers, p99, " + container.title(), feed.millis(99), "ms")
        .withNote("p50 %.0f ms, max %.0f ms".formatted(feed.millis(50), feed.millis(100)));
  }

  private void add(Row row) {
    System.out.printf(
        "%-70s %10.2f %-5s %s%s%n",
        row.figure(),
        row.value(),
        row.unit(),
        row.baseline() == null ? "" : row.baselineValue() + " " + row.baseline(),
        row.note() == null ? "" : " (" + row.note() + ")");
    measurement = measurement.with(row);
  }

  /// Latencies by connection. Only the clients' thread records them.
  private static final class Stopwatch {
    private final long[] startedAt;
    private final long[] nanos = new long[2_000_000];
    private int count;
    private volatile boolean recording;

    Stopwatch(int connections) {
      startedAt = new long[connections];
    }

    void start(int connection) {
      startedAt[connection] = System.nanoTime();
    }

    void stop(int connection) {
      if (recording) {
        nanos[count++] = System.nanoTime() - startedAt[connection];
      }
    }

    long[] sorted() {
      long[] all = Arrays.copyOf(nanos, count);
      Arrays.sort(all);
      return all;
    }
  }

  private static List<String> containerLimit(Container container, int connections) {
    return container == Container.TOMCAT
        ? List.of("server.tomcat.max-connections=" + (connections + 1_000))
        : List.of("server.jetty.max-connections=" + (connections + 1_000));
  }

  private Figures measureEcho(Container container, int connections) throws Exception {
    try (ServerProcess server =
        ServerProcess.echo(container, options, containerLimit(container, connections))) {
      Stopwatch watch = new Stopwatch(connections);
      WebSocketClients.Listener listener =
          new WebSocketClients.Listener() {
            @Override
            public void onOpen(int connection) {}

            @Override
            public void onFrame(int connection, String text) {
              watch.stop(connection);
            }
          };
      warmUp(server, "/echo", null, connections);
      Memory before = server.memory();
      long start = System.nanoTime();
      try (WebSocketClients clients =
          new WebSocketClients(
              server.address(),
              server.receivesCompressionOffer(),
              "/echo",
              null,
              connections,
              MAX_HANDSHAKES,
              listener)) {
        clients.awaitOpen(120);
        double seconds = (System.nanoTime() - start) / 1e9;
        Memory after = server.memory();
        String text = "x".repeat(300);
        double rate =
            runAtRate(
                clients,
                watch,
                n -> {
                  int connection = n % connections;
                  watch.start(connection);
                  clients.send(connection, text);
                });
        return figures(before, after, connections, seconds, rate, watch);
      }
    }
  }

  /// Opens and closes connections, so that classes loaded by the first ones do not count.
  private static void warmUp(ServerProcess server, String path, String token, int connections)
      throws Exception {
    try (WebSocketClients clients =
        new WebSocketClients(
            server.address(),
            server.receivesCompressionOffer(),
            path,
            token,
            Math.min(connections, MAX_WARM_UP_CONNECTIONS),
            MAX_HANDSHAKES,
            new WebSocketClients.Listener() {
              @Override
              public void onOpen(int connection) {}

              @Override
              public void onFrame(int connection, String text) {}
            })) {
      clients.awaitOpen(60);
    }
    TimeUnit.SECONDS.sleep(2);
  }

  private static Figures figures(
      Memory before, Memory after, int connections, double seconds, double rate, Stopwatch watch) {
    return new Figures(
        (double) (after.heap() - before.heap()) / connections / KIB,
        (double) (after.resident() - before.resident()) / connections / KIB,
        connections / seconds,
        rate,
        watch.sorted());
  }

  /// Runs steps at [#RATE], during warm-up and measurement.
  ///
  /// @return measured rate, in steps a second
  private static double runAtRate(WebSocketClients clients, Stopwatch watch, IntConsumer step)
      throws InterruptedException {
    return runBatchesAtRate(
        clients,
        watch,
        (from, to) -> {
          for (int n = from; n < to; n++) {
            step.accept(n);
          }
        });
  }

  private interface Batch {
    void run(int from, int to) throws InterruptedException;
  }

  private static double runBatchesAtRate(WebSocketClients clients, Stopwatch watch, Batch batch)
      throws InterruptedException {
    int batchSize = RATE * TICK_MILLIS / 1_000;
    long ticks = WARM_UP.plus(MEASURED).toMillis() / TICK_MILLIS;
    long start = System.nanoTime();
    long measuredFrom = start;
    long warmUpTicks = WARM_UP.toMillis() / TICK_MILLIS;
    for (int tick = 0; tick < ticks; tick++) {
      if (tick == warmUpTicks) {
        watch.recording = true;
        measuredFrom = System.nanoTime();
      }
      batch.run(tick * batchSize, (tick + 1) * batchSize);
      clients.requireRunning();
      LockSupport.parkNanos(start + (tick + 1) * TICK_MILLIS * 1_000_000L - System.nanoTime());
    }
    double seconds = (System.nanoTime() - measuredFrom) / 1e9;
    TimeUnit.SECONDS.sleep(1);
    watch.recording = false;
    return (ticks - warmUpTicks) * batchSize / seconds;
  }

  private List<String> settings(Container container, int connections) {
    List<String> settings = new ArrayList<>(containerLimit(container, connections));
    settings.add("ticketing.redis.addresses=" + redisAddress);
    settings.add("ticketing.redis.timeout=10s");
    settings.add("ticketing.notifier.connection.max-connections=" + (connections + 500));
    settings.add("ticketing.notifier.connection.max-per-user=1000000");
    settings.add("ticketing.notifier.connection.max-per-address=1000000");
    settings.add("ticketing.notifier.connection.max-anonymous-percent=100");
    return settings;
  }

  private Figures measureNotifier(Container container, int connections) throws Exception {
    try (ServerProcess server =
        ServerProcess.notifier(container, folder, options, settings(container, connections))) {
      int decisions = (int) (RATE * WARM_UP.plus(MEASURED).toSeconds());
      StatusEntry[] tickets = storePending(connections + decisions);
      Stopwatch watch = new Stopwatch(connections);
      CountDownLatch pendingFrames = new CountDownLatch(connections);
      boolean[] pendingSeen = new boolean[connections];
      String token = token();
      warmUp(server, "/ws/tickets", token, connections);
      Memory before = server.memory();
      long start = System.nanoTime();
      WebSocketClients[] holder = new WebSocketClients[1];
      CountDownLatch ready = new CountDownLatch(1);
      int[] rounds = new int[connections];
      try (WebSocketClients clients =
          new WebSocketClients(
              server.address(),
              server.receivesCompressionOffer(),
              "/ws/tickets",
              token,
              connections,
              MAX_HANDSHAKES,
              new WebSocketClients.Listener() {
                @Override
                public void onOpen(int connection) {
                  await(ready);
                  holder[0].send(connection, subscribe(tickets[connection]));
                }

                @Override
                public void onFrame(int connection, String text) {
                  if (text.contains("\"status\":\"PENDING\"")) {
                    if (!pendingSeen[connection]) {
                      pendingSeen[connection] = true;
                      pendingFrames.countDown();
                    }
                    return;
                  }
                  if (!text.contains("\"status\":\"CONFIRMED\"")) {
                    throw new IllegalStateException(text);
                  }
                  watch.stop(connection);
                  // Subscribes to the next ticket.
                  rounds[connection]++;
                  int next = rounds[connection] * connections + connection;
                  if (next < tickets.length) {
                    holder[0].send(connection, subscribe(tickets[next]));
                  }
                }
              })) {
        holder[0] = clients;
        ready.countDown();
        clients.awaitOpen(300);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (!pendingFrames.await(120, TimeUnit.SECONDS)) {
          throw new IllegalStateException(pendingFrames.getCount() + " pending frames are missing");
        }
        Memory after = server.memory();
        if (Boolean.getBoolean("benchmark.sockets.histogram")) {
          System.out.println(
              "heap of one connection in bytes:\n" + after.growthPer(before, connections));
        }
        Duration processor = server.processorTime();
        double rate =
            runBatchesAtRate(
                clients,
                watch,
                (from, to) -> {
                  List<StatusEntry> batch = new ArrayList<>(to - from);
                  for (int n = from; n < to; n++) {
                    batch.add(confirmed(tickets[n]));
                  }
                  for (int n = from; n < to; n++) {
                    watch.start(n % connections);
                  }
                  statusStore.publish(batch, batch.size(), null, List.of());
                });
        System.out.printf(
            "notifier's processor time under load: %.0f %%, lost connections: %d, frames: %d%n",
            100.0
                * server.processorTime().minus(processor).toMillis()
                / WARM_UP.plus(MEASURED).toMillis(),
            clients.closedByServer(),
            watch.count);
        return figures(before, after, connections, seconds, rate, watch);
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String subscribe(StatusEntry entry) {
    return "{\"action\":\"subscribe\",\"ticketIds\":[\"" + entry.ticket().ticketId() + "\"]}";
  }

  /// Stores pending tickets.
  private StatusEntry[] storePending(int count) throws InterruptedException {
    StatusEntry[] all = new StatusEntry[count];
    Semaphore permits = new Semaphore(MAX_CONCURRENT_STORES);
    for (int i = 0; i < count; i++) {
      StatusEntry entry =
          StatusEntry.pending(
              new Command.BookSeats(
                  UUID.randomUUID(),
                  BUYER,
                  1 + i % 10,
                  "VIP",
                  2,
                  Instant.now().truncatedTo(ChronoUnit.MICROS)));
      all[i] = entry;
      permits.acquire();
      statusStore.storePending(entry).whenComplete((opened, failure) -> permits.release());
    }
    permits.acquire(MAX_CONCURRENT_STORES);
    return all;
  }

  /// Changes of an event, each sent to all its watchers.
  ///
  /// @param change publishes the state of a version
  private Figures measureFeed(Container container, String path, IntConsumer change)
      throws Exception {
    try (ServerProcess server =
        ServerProcess.notifier(container, folder, options, settings(container, WATCHERS))) {
      int version = 1;
      change.accept(version);
      long[] changedAt = new long[1];
      long[] nanos = new long[WATCHERS * UPDATES];
      int[] count = new int[1];
      Semaphore frames = new Semaphore(0);
      try (WebSocketClients clients =
          new WebSocketClients(
              server.address(),
              server.receivesCompressionOffer(),
              path,
              null,
              WATCHERS,
              MAX_HANDSHAKES,
              new WebSocketClients.Listener() {
                @Override
                public void onOpen(int connection) {}

                @Override
                public void onFrame(int connection, String text) {
                  if (changedAt[0] != 0 && count[0] < nanos.length) {
                    nanos[count[0]++] = System.nanoTime() - changedAt[0];
                  }
                  frames.release();
                }
              })) {
        clients.awaitOpen(120);
        awaitFrames(frames);
        for (int update = -WARM_UP_UPDATES; update < UPDATES; update++) {
          TimeUnit.MILLISECONDS.sleep(700);
          if (update == 0) {
            count[0] = 0;
          }
          version++;
          changedAt[0] = System.nanoTime();
          change.accept(version);
          awaitFrames(frames);
        }
        Arrays.sort(nanos);
        return new Figures(0, 0, 0, 0, nanos);
      }
    }
  }

  /// Seats of a hall in which bookings have changed half of the sections.
  private static SeatsView.Change seats(long eventId, int version) {
    byte[] bitmap = new byte[SECTION_BYTES];
    bitmap[version % SECTION_BYTES] = 1;
    String taken = Base64.getEncoder().encodeToString(bitmap);
    Map<String, String> sections = new LinkedHashMap<>();
    for (int section = 0; section < SECTIONS; section++) {
      sections.put("Section " + section, taken);
    }
    SeatsView all = new SeatsView(eventId, 1, version, sections);
    return new SeatsView.Change(
        all, all.only(sections.keySet().stream().limit(SECTIONS / 2).toList()));
  }

  private static void awaitFrames(Semaphore frames) throws InterruptedException {
    if (!frames.tryAcquire(WATCHERS, 30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("frames are missing: " + frames.availablePermits());
    }
  }

  private static String token() {
    return AccessTokens.issuer().issue(BUYER, Role.BUYER);
  }

  private static StatusEntry confirmed(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    return pending.decided(
        ticket.decided(
            TicketStatus.CONFIRMED,
            new Ticket.Booked(42, ticket.seatType(), ticket.quantity(), Money.of("300000.00")),
            Instant.now().truncatedTo(ChronoUnit.MICROS)));
  }

  private static EventView event(long eventId, int available, long version) {
    return new EventView(
        eventId,
        "Concert",
        Instant.parse("2030-12-24T10:00:00Z"),
        "Hall",
        "Seoul",
        EventStatus.ACTIVE,
        1000,
        available,
        null,
        null,
        null,
        null,
        EventView.DEFAULT_TIME_ZONE,
        1L,
        null,
        false,
        null,
        List.of(new SeatTypeView("VIP", Money.of("150000.00"), 1000, available)),
        version);
  }
}
