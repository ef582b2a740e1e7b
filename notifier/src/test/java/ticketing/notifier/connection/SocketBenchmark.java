package ticketing.notifier.connection;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import ticketing.domain.Command;
import ticketing.domain.TicketIds;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.Measurement;
import ticketing.local.servers.Measurement.Row;
import ticketing.local.servers.Measurement.Series;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.connection.SocketServer.Container;
import ticketing.notifier.connection.SocketServer.Memory;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.status.EventCache;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;

/// What many open sockets cost one notifier, and how soon they hear of a decision, beside sockets
/// of the same container that do nothing but send back what they are sent.
///
/// The notifier runs in a process of its own, as does Redis. Clients and whoever decides are in
/// this one, so that one clock sees the decision and its frame.
final class SocketBenchmark {

  private static final int AT_ONCE = 100; // handshakes
  private static final int RATE = 1_000; // decisions a second, and echoes
  private static final int TICK = 10; // ms between two groups of decisions
  private static final Duration MEASURED =
      Duration.ofSeconds(Integer.getInteger("benchmark.sockets.seconds", 6));
  private static final Duration WARM = MEASURED.dividedBy(2);
  private static final int WATCHERS = 10_000; // of one event
  private static final int UPDATES = 10; // of it
  private static final long KIB = 1_024;
  private static final int OTHER_FILES = 500; // of a process

  private final StatusStore tickets;
  private final EventCache events;
  private final String redisAddress;
  private final Path jar;
  private final List<String> options;
  private Measurement measurement;

  private SocketBenchmark(
      RedisGateway redis,
      String redisAddress,
      Path jar,
      List<String> options,
      Measurement measurement) {
    StatusStoreSettings board =
        new StatusStoreSettings(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1));
    this.tickets = new StatusStore(redis, board);
    this.events = new EventCache(redis, board);
    this.redisAddress = redisAddress;
    this.jar = jar;
    this.options = options;
    this.measurement = measurement;
  }

  /// @param arguments the folder for the figures; the notifier's jar
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isChosen("sockets")) {
      return;
    }
    List<Integer> sizes =
        Arrays.stream(System.getProperty("benchmark.sockets", "10000").split(","))
            .map(size -> Math.min(Integer.parseInt(size), mostSockets()))
            .toList();
    List<Container> containers =
        Arrays.stream(System.getProperty("benchmark.containers", "tomcat").split(","))
            .map(name -> Container.valueOf(name.toUpperCase(Locale.ROOT)))
            .toList();
    boolean standard = sizes.equals(List.of(10_000)) && containers.size() == 1;
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
              Path.of(arguments[1]),
              List.of(
                  System.getProperty("benchmark.sockets.options", "-Xms192m -Xmx2g").split(" ")),
              Measurement.of(
                  standard ? "sockets" : "sockets-large",
                  "mvn -Pbenchmark -Dbenchmark.parts=sockets"
                      + (standard
                          ? ""
                          : " -Dbenchmark.sockets=%s -Dbenchmark.containers=%s"
                              .formatted(
                                  System.getProperty("benchmark.sockets"),
                                  System.getProperty("benchmark.containers")))));
      for (int sockets : sizes) {
        for (Container container : containers) {
          benchmark.run(container, sockets);
          benchmark.measurement.write(Path.of(arguments[0]));
        }
      }
    }
    System.exit(0);
  }

  /// A process may have so many files, and each socket is one.
  private static int mostSockets() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? Math.toIntExact(Math.min(1_000_000, unix.getMaxFileDescriptorCount() - OTHER_FILES))
        : Integer.MAX_VALUE;
  }

  /// Everything that a run finds of one server.
  private record Figures(
      double heapKib, double residentKib, double opensPerSecond, double perSecond, long[] nanos) {

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

  private void run(Container container, int sockets) throws Exception {
    String on = ", %,d sockets, %s".formatted(sockets, container.title());
    Figures echo = echo(container, sockets);
    Figures notifier = notifier(container, sockets);
    add(
        Row.of("heap of a socket that waits for a ticket" + on, notifier.heapKib, "KiB")
            .beside("(f) idle echo", echo.heapKib)
            .atMost(10));
    add(
        Row.of("resident memory of such a socket" + on, notifier.residentKib, "KiB")
            .beside("(f) idle echo", echo.residentKib));
    add(
        Row.of("sockets opened" + on, notifier.opensPerSecond, "1/s")
            .beside("(f) idle echo", echo.opensPerSecond));
    add(
        Row.of("decision to frame, p50" + on, notifier.millis(50), "ms")
            .beside("(f) echo, there and back", echo.millis(50)));
    add(
        Row.of("decision to frame, p99" + on, notifier.millis(99), "ms")
            .beside("(f) echo, there and back", echo.millis(99))
            .atMost(100)
            .noting("%,.0f decisions a second".formatted(notifier.perSecond)));
    measurement =
        measurement
            .with(notifier.series("decision to frame" + on))
            .with(echo.series("(f) echo, there and back" + on));
    if (sockets == WATCHERS) {
      Figures feed = feed(container);
      add(
          Row.of(
                  "an event's change to 10,000 watchers, p99, " + container.title(),
                  feed.millis(99),
                  "ms")
              .noting("p50 %.0f ms, last %.0f ms".formatted(feed.millis(50), feed.millis(100))));
    }
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

  /// Latencies, noted on the fleet's thread alone.
  private static final class Stopwatch {
    private final long[] since;
    private final long[] nanos = new long[2_000_000];
    private int count;
    private volatile boolean on;

    Stopwatch(int sockets) {
      since = new long[sockets];
    }

    void start(int socket) {
      since[socket] = System.nanoTime();
    }

    void stop(int socket) {
      if (on) {
        nanos[count++] = System.nanoTime() - since[socket];
      }
    }

    long[] sorted() {
      long[] all = Arrays.copyOf(nanos, count);
      Arrays.sort(all);
      return all;
    }
  }

  private List<String> sizing(Container container, int sockets) {
    return container == Container.TOMCAT
        ? List.of("server.tomcat.max-connections=" + (sockets + 1_000))
        : List.of("server.jetty.max-connections=" + (sockets + 1_000));
  }

  private Figures echo(Container container, int sockets) throws Exception {
    try (SocketServer server = SocketServer.echo(container, options, sizing(container, sockets))) {
      Stopwatch watch = new Stopwatch(sockets);
      SocketFleet.Listener listener =
          new SocketFleet.Listener() {
            @Override
            public void opened(int socket) {}

            @Override
            public void frame(int socket, String text) {
              watch.stop(socket);
            }
          };
      warm(server, "/echo", null);
      Memory before = server.memory();
      long start = System.nanoTime();
      try (SocketFleet fleet =
          new SocketFleet(
              server.address(), server.isOffered(), "/echo", null, sockets, AT_ONCE, listener)) {
        fleet.awaitOpen(120);
        double seconds = (System.nanoTime() - start) / 1e9;
        Memory after = server.memory();
        String text = "x".repeat(300);
        double perSecond =
            atRate(
                fleet,
                watch,
                n -> {
                  int socket = n % sockets;
                  watch.start(socket);
                  fleet.send(socket, text);
                });
        return figures(before, after, sockets, seconds, perSecond, watch);
      }
    }
  }

  /// So that what is loaded with the first socket does not count as the sockets'.
  private static void warm(SocketServer server, String path, String token) throws Exception {
    try (SocketFleet fleet =
        new SocketFleet(
            server.address(),
            server.isOffered(),
            path,
            token,
            2_000,
            AT_ONCE,
            new SocketFleet.Listener() {
              @Override
              public void opened(int socket) {}

              @Override
              public void frame(int socket, String text) {}
            })) {
      fleet.awaitOpen(60);
    }
    TimeUnit.SECONDS.sleep(2);
  }

  private static Figures figures(
      Memory before, Memory after, int sockets, double opening, double perSecond, Stopwatch watch) {
    return new Figures(
        (double) (after.heap() - before.heap()) / sockets / KIB,
        (double) (after.resident() - before.resident()) / sockets / KIB,
        sockets / opening,
        perSecond,
        watch.sorted());
  }

  /// @param step the nth of [#RATE] a second
  /// @return how many a second there were
  private static double atRate(SocketFleet fleet, Stopwatch watch, IntConsumer step)
      throws InterruptedException {
    return inGroups(
        fleet,
        watch,
        (from, to) -> {
          for (int n = from; n < to; n++) {
            step.accept(n);
          }
        });
  }

  private interface Group {
    void run(int from, int to) throws InterruptedException;
  }

  private static double inGroups(SocketFleet fleet, Stopwatch watch, Group group)
      throws InterruptedException {
    int each = RATE * TICK / 1_000;
    long ticks = WARM.plus(MEASURED).toMillis() / TICK;
    long start = System.nanoTime();
    long measuredFrom = start;
    long warm = WARM.toMillis() / TICK;
    for (int tick = 0; tick < ticks; tick++) {
      if (tick == warm) {
        watch.on = true;
        measuredFrom = System.nanoTime();
      }
      group.run(tick * each, (tick + 1) * each);
      fleet.check();
      LockSupport.parkNanos(start + (tick + 1) * TICK * 1_000_000L - System.nanoTime());
    }
    double seconds = (System.nanoTime() - measuredFrom) / 1e9;
    TimeUnit.SECONDS.sleep(1);
    watch.on = false;
    return (ticks - warm) * each / seconds;
  }

  private List<String> settings(Container container, int sockets) {
    List<String> settings = new ArrayList<>(sizing(container, sockets));
    settings.add("ticketing.redis.addresses=" + redisAddress);
    settings.add("ticketing.redis.timeout=10s");
    settings.add("ticketing.notifier.connection.max-connections=" + (sockets + 500));
    return settings;
  }

  private Figures notifier(Container container, int sockets) throws Exception {
    try (SocketServer server =
        SocketServer.notifier(container, jar, options, settings(container, sockets))) {
      int decisions = (int) (RATE * WARM.plus(MEASURED).toSeconds());
      StatusEntry[] waiting = pending(sockets + decisions);
      Stopwatch watch = new Stopwatch(sockets);
      CountDownLatch told = new CountDownLatch(sockets);
      boolean[] heard = new boolean[sockets];
      String token = NotifierFixture.token(SimulatedBackend.BUYER);
      warm(server, "/ws/tickets", token);
      Memory before = server.memory();
      long start = System.nanoTime();
      SocketFleet[] self = new SocketFleet[1];
      CountDownLatch ready = new CountDownLatch(1);
      int[] turn = new int[sockets];
      try (SocketFleet fleet =
          new SocketFleet(
              server.address(),
              server.isOffered(),
              "/ws/tickets",
              token,
              sockets,
              AT_ONCE,
              new SocketFleet.Listener() {
                @Override
                public void opened(int socket) {
                  await(ready);
                  self[0].send(socket, subscribe(waiting[socket]));
                }

                @Override
                public void frame(int socket, String text) {
                  if (text.contains("\"status\":\"PENDING\"")) {
                    if (!heard[socket]) {
                      heard[socket] = true;
                      told.countDown();
                    }
                    return;
                  }
                  if (!text.contains("\"status\":\"CONFIRMED\"")) {
                    throw new IllegalStateException(text);
                  }
                  watch.stop(socket);
                  // Books again.
                  turn[socket]++;
                  int next = turn[socket] * sockets + socket;
                  if (next < waiting.length) {
                    self[0].send(socket, subscribe(waiting[next]));
                  }
                }
              })) {
        self[0] = fleet;
        ready.countDown();
        fleet.awaitOpen(300);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (!told.await(120, TimeUnit.SECONDS)) {
          throw new IllegalStateException(told.getCount() + " have not been told");
        }
        Memory after = server.memory();
        if (Boolean.getBoolean("benchmark.sockets.histogram")) {
          System.out.println("bytes of a socket:\n" + after.since(before, sockets));
        }
        Duration processor = server.processorTime();
        double perSecond =
            inGroups(
                fleet,
                watch,
                (from, to) -> {
                  List<StatusEntry> group = new ArrayList<>(to - from);
                  for (int n = from; n < to; n++) {
                    group.add(SimulatedBackend.confirmed(waiting[n]));
                  }
                  for (int n = from; n < to; n++) {
                    watch.start(n % sockets);
                  }
                  tickets.publish(group, group.size(), null, List.of());
                });
        System.out.printf(
            "notifier's processor time under load: %.0f %%, lost sockets: %d, frames: %d%n",
            100.0
                * server.processorTime().minus(processor).toMillis()
                / WARM.plus(MEASURED).toMillis(),
            fleet.lost(),
            watch.count);
        return figures(before, after, sockets, seconds, perSecond, watch);
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

  /// Accepts that many bookings.
  private StatusEntry[] pending(int count) throws InterruptedException {
    StatusEntry[] all = new StatusEntry[count];
    Semaphore room = new Semaphore(5_000);
    for (int i = 0; i < count; i++) {
      StatusEntry entry =
          StatusEntry.pending(
              new Command.BookSeats(
                  TicketIds.newId(),
                  SimulatedBackend.BUYER,
                  1 + i % 10,
                  "VIP",
                  2,
                  Instant.now().truncatedTo(ChronoUnit.MICROS)));
      all[i] = entry;
      room.acquire();
      tickets.storePending(entry).whenComplete((opened, failure) -> room.release());
    }
    room.acquire(5_000);
    return all;
  }

  /// An event's changes, each told to all who watch it.
  private Figures feed(Container container) throws Exception {
    try (SocketServer server =
        SocketServer.notifier(container, jar, options, settings(container, WATCHERS))) {
      long event = 1_000_000 + System.nanoTime() % 1_000_000;
      events.refresh(SimulatedBackend.event(event, 1_000, 1)).join();
      long[] since = new long[1];
      long[] nanos = new long[WATCHERS * UPDATES];
      int[] count = new int[1];
      Semaphore frames = new Semaphore(0);
      try (SocketFleet fleet =
          new SocketFleet(
              server.address(),
              server.isOffered(),
              "/ws/events/" + event,
              null,
              WATCHERS,
              AT_ONCE,
              new SocketFleet.Listener() {
                @Override
                public void opened(int socket) {}

                @Override
                public void frame(int socket, String text) {
                  if (since[0] != 0 && count[0] < nanos.length) {
                    nanos[count[0]++] = System.nanoTime() - since[0];
                  }
                  frames.release();
                }
              })) {
        fleet.awaitOpen(120);
        take(frames);
        // The first ones warm up.
        for (int update = -5; update < UPDATES; update++) {
          TimeUnit.MILLISECONDS.sleep(700);
          if (update == 0) {
            count[0] = 0;
          }
          since[0] = System.nanoTime();
          events.refresh(SimulatedBackend.event(event, 900 - update, 10 + update)).join();
          take(frames);
        }
        Arrays.sort(nanos);
        return new Figures(0, 0, 0, 0, nanos);
      }
    }
  }

  private static void take(Semaphore frames) throws InterruptedException {
    if (!frames.tryAcquire(WATCHERS, 30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("frames are missing: " + frames.availablePermits());
    }
  }
}
