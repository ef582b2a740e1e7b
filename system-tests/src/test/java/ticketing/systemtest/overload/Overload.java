package ticketing.systemtest.overload;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import ticketing.client.ApiConnection;
import ticketing.client.BookingClient;
import ticketing.client.RetryPolicy;
import ticketing.client.Session;
import ticketing.client.TicketResult;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.DemoData;
import ticketing.systemtest.client.LatencyProbe;
import ticketing.systemtest.client.Percentiles;
import ticketing.systemtest.fleet.Fleet;

/// Overload in three phases. In the first phase a number of clients keep the system busy. In the
/// second phase ten times as many clients book, together with hostile connections: silent, slow,
/// unread and immediately reset ones. All of them book the same event, while a [LatencyProbe]
/// measures another event.
///
/// In the third phase ten times as many clients book at an ingress with one permit for sends. It
/// refuses most requests, and the clients honour `Retry-After`. The phase measures the latency of
/// refusals and of accepted bookings.
///
/// Cold processes on a busy machine answer the first request late, so a phase lasts until it has
/// the responses that it requires, at most 60 s longer than planned.
///
/// `mvn -Poverload -Dseconds=60` runs it and prints the figures.
final class Overload {

  /// @param normalTime duration of the first phase.
  /// @param floodTime duration of the second phase.
  /// @param refusalTime duration of the third phase.
  /// @param clients clients of the first phase. Each sends its next request after a response.
  /// @param silent connections that never send a complete request.
  /// @param slow connections that send one byte per second, and as many WebSocket connections that
  ///   read no frames.
  /// @param resets connections per second that are opened and reset immediately.
  record Plan(
      Duration normalTime,
      Duration floodTime,
      Duration refusalTime,
      int clients,
      int silent,
      int slow,
      int resets) {}

  private static final int FLOOD_FACTOR = 10;
  private static final int MAX_JITTER = 1_000; // ms, added to Retry-After
  private static final int SEATS = 10_000_000;
  private static final Duration RECOVERY_TIMEOUT = Duration.ofSeconds(180);
  private static final Duration MAX_EXTENSION = Duration.ofSeconds(60);
  private static final long SAMPLE_INTERVAL = 500; // ms
  private static final long CHECK_INTERVAL = 50; // ms
  private static final Set<Integer> EXPECTED_STATUSES = Set.of(0, 202, 429, 503); // 0: no response
  private static final int KIB_PER_MIB = 1_024;

  /// Limit of a resident set in MiB: the heap limit and twice as much for the rest.
  private static final long MAX_RESIDENT_SET = 3 * 256;

  private final Fleet fleet;
  private final Plan plan;
  private final PrintStream out;
  private final Map<String, Long> before = new TreeMap<>();
  private final Map<String, Long> largest = new TreeMap<>();
  private final Map<String, Long> after = new TreeMap<>();
  private final Queue<String> violations = new ConcurrentLinkedQueue<>();

  Overload(Fleet fleet, Plan plan, PrintStream out) {
    this.fleet = fleet;
    this.plan = plan;
    this.out = out;
  }

  /// Settings are the system properties `overload.seconds` and `overload.clients`.
  public static void main(String[] arguments) throws Exception {
    Duration flood = Duration.ofSeconds(Long.getLong("overload.seconds", 60));
    int clients = Integer.getInteger("overload.clients", 64);
    List<String> violations;
    try (Fleet fleet = Fleet.start(Path.of("target", "overload").toAbsolutePath())) {
      Plan plan = new Plan(Duration.ofSeconds(15), flood, flood, clients, 500, 200, 1_000);
      violations = new Overload(fleet, plan, System.out).run();
    }
    System.exit(violations.isEmpty() ? 0 : 1);
  }

  /// @return violations; empty if there are none
  List<String> run() throws InterruptedException, SQLException, ExecutionException {
    DemoData.SeatType seats = new DemoData.SeatType(LatencyProbe.SEAT_TYPE, "10.00", SEATS, SEATS);
    long flooded = fleet.addEvent("Flooded", null, null, seats);
    long quiet = fleet.addEvent("Quiet", null, null, seats);
    Map<String, Long> pids = pids();
    sampleMemory(before);

    List<URI> ingresses = fleet.ingresses();
    Load normal =
        load(
            new Clients(plan.normalTime(), plan.clients(), ingresses, false, false, Set.of(202)),
            flooded,
            quiet);
    print("normal load, %d clients: %s".formatted(plan.clients(), normal));
    awaitEmptyQueue();
    int floodClients = FLOOD_FACTOR * plan.clients();
    Load flood =
        load(
            new Clients(plan.floodTime(), floodClients, ingresses, false, true, Set.of(202)),
            flooded,
            quiet);
    print("flood, %d clients: %s".formatted(floodClients, flood));
    awaitRecovery(ingresses.getLast(), quiet);
    if (flood.responses(202) == 0) {
      violations.add("no request was accepted during the flood");
    }
    long accepted =
        normal.responses(202) + flood.responses(202) + floodNarrowIngress(pids, flooded, quiet);

    if (fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", flooded) < accepted) {
      violations.add("an accepted request has no decision");
    }
    if (!pids.equals(pids())) {
      violations.add("a process was restarted: " + pids + ", " + pids());
    }
    sampleMemory(after);
    largest.forEach((name, mib) ->
        print(
            "resident set of %s in MiB: before %d, maximum %d, after %d"
                .formatted(name, before.get(name), mib, after.get(name))));
    largest.forEach((name, mib) -> {
      if (mib > MAX_RESIDENT_SET) {
        violations.add(name + " has a resident set of " + mib + " MiB");
      }
    });
    violations.forEach(violation -> print("VIOLATED: " + violation));
    return List.copyOf(violations);
  }

  /// Runs the third phase with an ingress that exists only for it.
  ///
  /// @return number of accepted requests
  private long floodNarrowIngress(Map<String, Long> others, long flooded, long quiet)
      throws InterruptedException, ExecutionException {
    URI narrow = fleet.addNarrowIngress();
    try {
      Map<String, Long> pids = pids();
      String name =
          pids.keySet().stream().filter(added -> !others.containsKey(added)).findAny().get();
      Map<String, Long> now = new TreeMap<>();
      sampleMemory(now);
      before.put(name, now.get(name));
      int floodClients = FLOOD_FACTOR * plan.clients();
      Load flood =
          load(
              new Clients(
                  plan.refusalTime(), floodClients, List.of(narrow), true, true, Set.of(202, 503)),
              flooded,
              quiet);
      print("flood of a narrow ingress, %d clients: %s".formatted(floodClients, flood));
      awaitRecovery(narrow, quiet);
      if (flood.responses(202) == 0 || flood.responses(503) == 0) {
        violations.add("the narrow ingress refused no requests, or all: " + flood.statuses);
      }
      if (!pids.equals(pids())) {
        violations.add("a process was restarted: " + pids + ", " + pids());
      }
      sampleMemory(after);
      return flood.responses(202);
    } finally {
      fleet.system().removeIngress();
    }
  }

  /// @param ingresses assigned to the clients in turn.
  /// @param honoursRetryAfter false: a refused client repeats its request immediately.
  /// @param withHostile true: hostile connections are opened too.
  /// @param required statuses that end an extension of the phase.
  private record Clients(
      Duration time,
      int count,
      List<URI> ingresses,
      boolean honoursRetryAfter,
      boolean withHostile,
      Set<Integer> required) {}

  /// Figures of one phase.
  private static final class Load {
    final Map<Integer, LongAdder> statuses = new ConcurrentHashMap<>();
    final Percentiles accepted = new Percentiles();
    final Percentiles refused = new Percentiles();
    final Percentiles quiet = new Percentiles();
    final LongAdder unanswered = new LongAdder();
    final LongAdder probeRefusals = new LongAdder();
    final LongAdder resets = new LongAdder();
    final LongAdder slowBytes = new LongAdder();
    final LongAdder closedByServer = new LongAdder();
    long millis;

    void count(int status) {
      if (status != 0) {
        statuses.computeIfAbsent(status, _ -> new LongAdder()).increment();
      }
    }

    long responses(int status) {
      LongAdder count = statuses.get(status);
      return count == null ? 0 : count.sum();
    }

    @Override
    public String toString() {
      return ("%s in %.1f s, %,d accepted/s; accepted after %s; refused after %s; unanswered %d;"
              + " connections reset %,d; slow bytes %,d, connections closed by the server %d;"
              + " other event, request to decision: %s, refused %d")
          .formatted(
              new TreeMap<>(statuses),
              millis / 1e3,
              responses(202) * 1_000 / Math.max(1, millis),
              accepted,
              refused,
              unanswered.sum(),
              resets.sum(),
              slowBytes.sum(),
              closedByServer.sum(),
              quiet,
              probeRefusals.sum());
    }
  }

  private Load load(Clients clients, long flooded, long quiet)
      throws InterruptedException, ExecutionException {
    Load load = new Load();
    long start = System.nanoTime();
    BooleanSupplier isRunning =
        () -> {
          long extension = System.nanoTime() - start - clients.time().toNanos();
          return extension < 0
              || extension < MAX_EXTENSION.toNanos()
                  && clients.required().stream().anyMatch(status -> load.responses(status) == 0);
        };
    List<Socket> hostile = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      if (clients.withHostile()) {
        openSilent(hostile);
        List<Socket> slow = openSlow(hostile);
        openUnread(hostile, flooded);
        all.add(threads.submit(() -> sendSlowly(slow, load, isRunning)));
        all.add(threads.submit(() -> openAndReset(load, isRunning)));
        all.add(
            threads.submit(() ->
                book(
                    "overload-greedy",
                    clients.ingresses().getFirst(),
                    flooded,
                    false,
                    load,
                    isRunning)));
      }
      for (int number = 0; number < clients.count(); number++) {
        String user = "overload-" + number;
        URI ingress = clients.ingresses().get(number % clients.ingresses().size());
        all.add(
            threads.submit(
                () -> book(user, ingress, flooded, clients.honoursRetryAfter(), load, isRunning)));
      }
      all.add(
          threads.submit(() -> {
            LatencyProbe probe =
                new LatencyProbe(fleet, "overload-quiet", fleet.ingresses().get(1));
            while (isRunning.getAsBoolean()) {
              probe(probe, quiet, load);
              TimeUnit.MILLISECONDS.sleep(SAMPLE_INTERVAL);
            }
            return null;
          }));
      while (isRunning.getAsBoolean()) {
        sampleMemory(largest);
        TimeUnit.MILLISECONDS.sleep(SAMPLE_INTERVAL);
      }
      for (Future<?> future : all) {
        future.get();
      }
      hostile.stream().filter(Overload::isEnded).forEach(socket -> load.closedByServer.increment());
    } finally {
      hostile.forEach(Overload::close);
    }
    load.millis = (System.nanoTime() - start) / 1_000_000;
    return load;
  }

  private Void book(
      String user,
      URI ingress,
      long event,
      boolean honoursRetryAfter,
      Load load,
      BooleanSupplier isRunning)
      throws InterruptedException {
    try (ApiConnection connection = new ApiConnection(ingress)) {
      BookingClient client =
          new BookingClient(
              connection,
              Session.ofToken(fleet.token(user)),
              RetryPolicy.NONE,
              attempt -> record(attempt, load));
      for (int number = 0; isRunning.getAsBoolean(); number++) {
        long start = System.nanoTime();
        switch (client.book(LatencyProbe.booking(event), "overload-" + start + "-" + number)) {
          case TicketResult.Success success -> load.accepted.addSince(start);
          case TicketResult.Refused refused -> {
            load.refused.addSince(start);
            if (refused.retryAfter().isZero()) {
              violations.add(refused.status() + " without Retry-After");
            }
            if (honoursRetryAfter) {
              pause(
                  refused.retryAfter().toMillis() + ThreadLocalRandom.current().nextInt(MAX_JITTER),
                  isRunning);
            }
          }
          case TicketResult.Unresolved unresolved -> load.unanswered.increment();
        }
      }
    }
    return null;
  }

  private void record(BookingClient.Attempt attempt, Load load) {
    load.count(attempt.status());
    if (!EXPECTED_STATUSES.contains(attempt.status())) {
      violations.add("unexpected status " + attempt.status());
    }
  }

  /// Sleeps until the pause or the phase is over.
  private static void pause(long millis, BooleanSupplier isRunning) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (isRunning.getAsBoolean() && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(CHECK_INTERVAL);
    }
  }

  private void probe(LatencyProbe probe, long event, Load load) throws InterruptedException {
    switch (probe.book(event, load.quiet)) {
      case DECIDED -> {}
      case UNDECIDED -> violations.add("no decision for the other event in time");
      case REFUSED -> load.probeRefusals.increment();
      case UNANSWERED -> load.unanswered.increment();
    }
  }

  private List<URI> publicUrls() {
    List<URI> urls = new ArrayList<>(fleet.ingresses());
    urls.addAll(fleet.notifiers());
    return urls;
  }

  private void openSilent(List<Socket> opened) {
    open(opened, publicUrls(), plan.silent(), "GET /ws/events/1 HTTP/1.1\r\nHost: x\r\nX");
  }

  private List<Socket> openSlow(List<Socket> opened) {
    return open(opened, publicUrls(), plan.slow(), "GET /api/v1/events HTTP/1.1\r\nX: ");
  }

  /// WebSocket connections to a busy event that read no frames and answer no pings.
  private void openUnread(List<Socket> opened, long event) {
    open(
        opened,
        fleet.notifiers(),
        plan.slow(),
        "GET /ws/events/%d HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                .formatted(event)
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  }

  private List<Socket> open(List<Socket> opened, List<URI> urls, int count, String request) {
    List<Socket> sockets = new ArrayList<>();
    for (int number = 0; number < count; number++) {
      URI url = urls.get(number % urls.size());
      try {
        Socket socket = new Socket();
        opened.add(socket);
        // A small buffer, so that unread frames remain at the server.
        socket.setReceiveBufferSize(4_096);
        socket.connect(new InetSocketAddress(url.getHost(), url.getPort()));
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        sockets.add(socket);
      } catch (IOException e) {
        violations.add("cannot connect before the flood: " + e);
      }
    }
    return sockets;
  }

  private static Void sendSlowly(List<Socket> slow, Load load, BooleanSupplier isRunning)
      throws InterruptedException {
    while (isRunning.getAsBoolean()) {
      for (Socket socket : slow) {
        try {
          socket.getOutputStream().write('x');
          load.slowBytes.increment();
        } catch (IOException e) {
          // The server closed the slow connection.
        }
      }
      TimeUnit.SECONDS.sleep(1);
    }
    return null;
  }

  /// Reads the received data and tests for the end of the connection.
  private static boolean isEnded(Socket socket) {
    try {
      socket.setSoTimeout(1);
      byte[] chunk = new byte[8_192];
      int read = socket.getInputStream().read(chunk);
      while (read > 0) {
        read = socket.getInputStream().read(chunk);
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private Void openAndReset(Load load, BooleanSupplier isRunning) throws InterruptedException {
    List<URI> urls = publicUrls();
    long start = System.nanoTime();
    while (isRunning.getAsBoolean()) {
      long due = (System.nanoTime() - start) * plan.resets() / 1_000_000_000;
      while (load.resets.sum() < due && isRunning.getAsBoolean()) {
        URI url = urls.get((int) (load.resets.sum() % urls.size()));
        load.resets.increment();
        try (Socket socket = new Socket(url.getHost(), url.getPort())) {
          socket.setSoLinger(true, 0);
        } catch (IOException e) {
          load.unanswered.increment();
        }
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return null;
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // The socket is closed already.
    }
  }

  /// Blocks until the backlog is empty and a booking is decided. The ingress may refuse bookings
  /// until it has observed that the queue is available again.
  private void awaitRecovery(URI ingress, long quiet) throws InterruptedException {
    long start = System.nanoTime();
    awaitEmptyQueue();
    print("backlog empty %.1f s after the flood".formatted((System.nanoTime() - start) / 1e9));
    Load afterwards = new Load();
    LatencyProbe probe = new LatencyProbe(fleet, "overload-after", ingress);
    probe(probe, quiet, afterwards);
    while (afterwards.quiet.count() == 0
        && System.nanoTime() - start < RECOVERY_TIMEOUT.toNanos()) {
      TimeUnit.MILLISECONDS.sleep(SAMPLE_INTERVAL);
      probe(probe, quiet, afterwards);
    }
    print("booking decided %.1f s after the flood".formatted((System.nanoTime() - start) / 1e9));
    if (afterwards.quiet.count() == 0) {
      violations.add("no booking was decided after the flood");
    }
  }

  private void awaitEmptyQueue() throws InterruptedException {
    long end = System.nanoTime() + RECOVERY_TIMEOUT.toNanos();
    while (fleet.servers().queue().backlog(LocalServers.QUEUE) > 0) {
      if (System.nanoTime() > end) {
        violations.add("the backlog is not empty after " + RECOVERY_TIMEOUT.toSeconds() + " s");
        return;
      }
      sampleMemory(largest);
      TimeUnit.MILLISECONDS.sleep(SAMPLE_INTERVAL);
    }
  }

  private Map<String, Long> pids() {
    Map<String, Long> pids = new TreeMap<>();
    for (ApplicationProcess application : fleet.system().applications()) {
      pids.put(application.name(), application.isRunning() ? application.pid() : -1);
    }
    return pids;
  }

  /// Samples the resident set of each process in MiB (Linux).
  ///
  /// @param maxima receives each larger value
  private void sampleMemory(Map<String, Long> maxima) {
    for (Map.Entry<String, Long> process : pids().entrySet()) {
      try {
        Files.readString(Path.of("/proc", process.getValue().toString(), "status"))
            .lines()
            .filter(line -> line.startsWith("VmRSS:"))
            .forEach(line ->
                maxima.merge(
                    process.getKey(),
                    Long.parseLong(line.replaceAll("\\D", "")) / KIB_PER_MIB,
                    Math::max));
      } catch (IOException e) {
        violations.add("cannot read the memory of " + process.getKey() + ": " + e);
      }
    }
  }

  private void print(String line) {
    out.println("[overload] " + line);
  }
}
