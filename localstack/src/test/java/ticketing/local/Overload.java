package ticketing.local;

import java.io.IOException;
import java.io.PrintStream;
import java.net.Socket;
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
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import ticketing.domain.Json;
import ticketing.local.servers.LocalServers;
import tools.jackson.databind.JsonNode;

/// First as many clients as keep the system busy, then ten times as many, together with people who
/// connect and say nothing, who leave again at once, and one who never pauses. All of them want the
/// same event; meanwhile one buyer of another event tells how long that one waits.
///
/// `mvn -Poverload -Dseconds=60` runs it for long and prints what it saw.
final class Overload {

  /// @param clients that keep the system busy; each sends its next request when it has an answer
  /// @param halfOpen connections that stay open and never send a whole request
  /// @param connects connections per second that are opened and reset at once
  record Plan(Duration calm, Duration flood, int clients, int halfOpen, int connects) {}

  private static final int TIMES = 10;
  private static final String SEATS = "R";
  private static final int MANY = 10_000_000; // seats
  private static final Duration END = Duration.ofSeconds(180);
  private static final long SAMPLE_MILLIS = 500;
  private static final int MEBIBYTE_IN_KIB = 1_024;

  /// Heap limit of each process and as much again for everything else.
  private static final long LARGEST_MIB = 2 * 384;

  private final Fleet fleet;
  private final Plan plan;
  private final PrintStream out;
  private final Map<String, Long> largest = new TreeMap<>();
  private final Queue<String> broken = new ConcurrentLinkedQueue<>();

  Overload(Fleet fleet, Plan plan, PrintStream out) {
    this.fleet = fleet;
    this.plan = plan;
    this.out = out;
  }

  /// Settings are the system properties `overload.seconds` and `overload.clients`.
  public static void main(String[] arguments) throws Exception {
    Duration flood = Duration.ofSeconds(Long.getLong("overload.seconds", 60));
    int clients = Integer.getInteger("overload.clients", 64);
    List<String> broken;
    try (Fleet fleet = Fleet.start(Path.of("target", "overload").toAbsolutePath())) {
      Plan plan = new Plan(Duration.ofSeconds(15), flood, clients, 500, 1_000);
      broken = new Overload(fleet, plan, System.out).run();
    }
    System.exit(broken.isEmpty() ? 0 : 1);
  }

  /// @return what is broken, empty if nothing
  List<String> run() throws InterruptedException, SQLException, ExecutionException {
    DemoData.SeatType seats = new DemoData.SeatType(SEATS, "10.00", MANY, MANY);
    long wanted = fleet.addEvent("Flooded", null, null, seats);
    long quiet = fleet.addEvent("Quiet", null, null, seats);
    Map<String, Long> pids = pids();

    Load calm = load(plan.calm(), plan.clients(), wanted, quiet, false);
    say("busy, %d clients: %s".formatted(plan.clients(), calm));
    awaitEmpty();
    Load flood = load(plan.flood(), TIMES * plan.clients(), wanted, quiet, true);
    say("flood, %d clients: %s".formatted(TIMES * plan.clients(), flood));
    long since = System.nanoTime();
    awaitEmpty();
    say("backlog gone %.1f s after the flood".formatted((System.nanoTime() - since) / 1e9));

    probe(quiet, "overload-after", new Load());
    if (fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", wanted)
        < calm.accepted() + flood.accepted()) {
      broken.add("something accepted was never decided");
    }
    if (flood.accepted() == 0) {
      broken.add("nothing was accepted any more");
    }
    if (!pids.equals(pids())) {
      broken.add("a process was not the same afterwards: " + pids + ", " + pids());
    }
    say("largest resident sets, MiB: " + largest);
    largest.forEach(
        (name, mib) -> {
          if (mib > LARGEST_MIB) {
            broken.add(name + " took " + mib + " MiB");
          }
        });
    broken.forEach(one -> say("BROKEN: " + one));
    return List.copyOf(broken);
  }

  /// What clients saw.
  private static final class Load {
    final Map<Integer, LongAdder> statuses = new ConcurrentHashMap<>();
    final Map<Long, LongAdder> answerMillis = new ConcurrentSkipListMap<>();
    final Map<Long, LongAdder> quietMillis = new ConcurrentSkipListMap<>();
    final LongAdder unanswered = new LongAdder();
    final LongAdder connects = new LongAdder();
    long millis;

    long accepted() {
      LongAdder accepted = statuses.get(202);
      return accepted == null ? 0 : accepted.sum();
    }

    private static void note(Map<Long, LongAdder> of, long since) {
      of.computeIfAbsent((System.nanoTime() - since) / 1_000_000, key -> new LongAdder())
          .increment();
    }

    private static String spread(Map<Long, LongAdder> of) {
      long all = of.values().stream().mapToLong(LongAdder::sum).sum();
      return "p50 %d, p99 %d, most %d ms of %,d"
          .formatted(rank(of, all * 50 / 100), rank(of, all * 99 / 100), rank(of, all - 1), all);
    }

    private static long rank(Map<Long, LongAdder> of, long rank) {
      long seen = 0;
      for (Map.Entry<Long, LongAdder> entry : of.entrySet()) {
        seen += entry.getValue().sum();
        if (seen > rank) {
          return entry.getKey();
        }
      }
      return -1;
    }

    @Override
    public String toString() {
      return "%s in %.1f s, %,d accepted/s; answers %s; unanswered %d; connects %,d; quiet event, booked to decided: %s"
          .formatted(
              new TreeMap<>(statuses),
              millis / 1e3,
              accepted() * 1_000 / Math.max(1, millis),
              spread(answerMillis),
              unanswered.sum(),
              connects.sum(),
              spread(quietMillis));
    }
  }

  private Load load(Duration time, int clients, long wanted, long quiet, boolean hostile)
      throws InterruptedException, ExecutionException {
    Load load = new Load();
    long start = System.nanoTime();
    BooleanSupplier going = () -> System.nanoTime() - start < time.toNanos();
    List<Socket> silent = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      if (hostile) {
        openHalf(silent);
        all.add(threads.submit(() -> connect(load, going)));
        all.add(
            threads.submit(
                () -> book("overload-greedy", fleet.ingresses().get(0), wanted, load, going)));
      }
      for (int number = 0; number < clients; number++) {
        String user = "overload-" + number;
        URI ingress = fleet.ingresses().get(number % fleet.ingresses().size());
        all.add(threads.submit(() -> book(user, ingress, wanted, load, going)));
      }
      all.add(
          threads.submit(
              () -> {
                while (going.getAsBoolean()) {
                  probe(quiet, "overload-quiet", load);
                  TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
                }
                return null;
              }));
      while (going.getAsBoolean()) {
        measure();
        TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      silent.forEach(Overload::close);
    }
    load.millis = (System.nanoTime() - start) / 1_000_000;
    return load;
  }

  private Void book(String user, URI ingress, long event, Load load, BooleanSupplier going)
      throws IOException {
    String headers = "Authorization: Bearer " + fleet.token(user) + "\r\n";
    try (HttpConnection connection = new HttpConnection(ingress)) {
      while (going.getAsBoolean()) {
        long since = System.nanoTime();
        try {
          HttpConnection.Response response =
              connection.send("POST", "/api/v1/reservations", headers, booking(event));
          Load.note(load.answerMillis, since);
          load.statuses.computeIfAbsent(response.status(), key -> new LongAdder()).increment();
          if (response.status() != 202 && response.status() != 429 && response.status() != 503) {
            broken.add(response.status() + " " + response.body());
          }
        } catch (IOException e) {
          load.unanswered.increment();
        }
      }
    }
    return null;
  }

  /// Books in the other event and waits for the end of it.
  private void probe(long event, String user, Load load) {
    String headers = "Authorization: Bearer " + fleet.token(user) + "\r\n";
    long since = System.nanoTime();
    try (HttpConnection connection = new HttpConnection(fleet.ingresses().get(1))) {
      HttpConnection.Response response =
          connection.send("POST", "/api/v1/reservations", headers, booking(event));
      if (response.status() != 202) {
        load.statuses.computeIfAbsent(response.status(), key -> new LongAdder()).increment();
        return;
      }
      JsonNode ticket = Json.INTERNAL.readTree(response.body());
      String path = "/api/v1/tickets/" + ticket.path("ticketId").asString();
      while (ticket.path("status").asString().equals("PENDING")) {
        if (System.nanoTime() - since > END.toNanos()) {
          broken.add("the quiet event had no decision within " + END.toSeconds() + " s");
          return;
        }
        response = connection.send("GET", path, headers + "Prefer: wait=20\r\n", null);
        if (response.status() == 200) {
          ticket = Json.INTERNAL.readTree(response.body());
        }
      }
      Load.note(load.quietMillis, since);
    } catch (IOException e) {
      load.unanswered.increment();
    }
  }

  private static String booking(long event) {
    return "{\"eventId\":%d,\"seatType\":\"%s\",\"quantity\":1}".formatted(event, SEATS);
  }

  private void openHalf(List<Socket> silent) {
    List<URI> doors = new ArrayList<>(fleet.ingresses());
    doors.addAll(fleet.notifiers());
    for (int number = 0; number < plan.halfOpen(); number++) {
      URI door = doors.get(number % doors.size());
      try {
        Socket socket = new Socket(door.getHost(), door.getPort());
        silent.add(socket);
        socket
            .getOutputStream()
            .write("GET /ws/events/1 HTTP/1.1\r\nHost: x\r\nX".getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        broken.add("no connection was possible before the flood: " + e);
      }
    }
  }

  private Void connect(Load load, BooleanSupplier going) throws InterruptedException {
    List<URI> doors = new ArrayList<>(fleet.ingresses());
    doors.addAll(fleet.notifiers());
    long start = System.nanoTime();
    while (going.getAsBoolean()) {
      long due = (System.nanoTime() - start) * plan.connects() / 1_000_000_000;
      while (load.connects.sum() < due && going.getAsBoolean()) {
        URI door = doors.get((int) (load.connects.sum() % doors.size()));
        load.connects.increment();
        try (Socket fleeting = new Socket(door.getHost(), door.getPort())) {
          fleeting.setSoLinger(true, 0);
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
      // It is closed.
    }
  }

  private void awaitEmpty() throws InterruptedException {
    long end = System.nanoTime() + END.toNanos();
    while (fleet.servers().queue().backlog(LocalServers.QUEUE) > 0) {
      if (System.nanoTime() > end) {
        broken.add("the backlog is still there after " + END.toSeconds() + " s");
        return;
      }
      measure();
      TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
    }
  }

  private Map<String, Long> pids() {
    Map<String, Long> pids = new TreeMap<>();
    for (Application application : fleet.system().applications()) {
      pids.put(application.name(), application.isRunning() ? application.pid() : -1);
    }
    return pids;
  }

  /// Resident set of each process, as Linux tells it.
  private void measure() {
    for (Map.Entry<String, Long> process : pids().entrySet()) {
      try {
        Files.readString(Path.of("/proc", process.getValue().toString(), "status"))
            .lines()
            .filter(line -> line.startsWith("VmRSS:"))
            .forEach(
                line ->
                    largest.merge(
                        process.getKey(),
                        Long.parseLong(line.replaceAll("\\D", "")) / MEBIBYTE_IN_KIB,
                        Math::max));
      } catch (IOException e) {
        broken.add(process.getKey() + " is not there: " + e);
      }
    }
  }

  private void say(String line) {
    out.println("[overload] " + line);
  }
}
