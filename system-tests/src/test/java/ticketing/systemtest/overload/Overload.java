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
import ticketing.local.system.DemoData;
import ticketing.local.demo.HttpConnection;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.ApplicationProcess;
import ticketing.systemtest.client.LatencyProbe;
import ticketing.systemtest.client.Percentiles;
import ticketing.systemtest.fleet.Fleet;

/// First as many clients as keep the system busy, then ten times as many, together with people who
/// connect and say nothing, who send or read ever so slowly, who leave again at once, and one who
/// never pauses. All of them want the same event; meanwhile one buyer of another event tells how
/// long that one waits.
///
/// Then as many once more, at an ingress with a single place for what is on its way to the queue,
/// so that it must refuse nearly all of it; these come again after the time that they are told. How
/// quick is a refusal, and what is accepted beside them?
///
/// `mvn -Poverload -Dseconds=60` runs it for long and prints what it saw.
final class Overload {

  /// @param refusals the flood of the narrow ingress
  /// @param clients that keep the system busy; each sends its next request when it has an answer
  /// @param halfOpen connections that stay open and never send a whole request
  /// @param slow connections that send one byte of it each second, and as many sockets that follow
  ///   the flooded event and read nothing
  /// @param connects connections per second that are opened and reset at once
  record Plan(
      Duration calm,
      Duration flood,
      Duration refusals,
      int clients,
      int halfOpen,
      int slow,
      int connects) {}

  private static final int TIMES = 10;
  private static final int LATER_MILLIS = 1_000; // at most, than a refused client is told to come
  private static final int MANY = 10_000_000; // seats
  private static final Duration END = Duration.ofSeconds(180);
  private static final long SAMPLE_MILLIS = 500;
  private static final long PAUSE_MILLIS = 50;
  private static final int MEBIBYTE_IN_KIB = 1_024;

  /// Heap limit of each process and twice as much for everything else.
  private static final long LARGEST_MIB = 3 * 256;

  private final Fleet fleet;
  private final Plan plan;
  private final PrintStream out;
  private final Map<String, Long> before = new TreeMap<>();
  private final Map<String, Long> largest = new TreeMap<>();
  private final Map<String, Long> after = new TreeMap<>();
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
      Plan plan = new Plan(Duration.ofSeconds(15), flood, flood, clients, 500, 200, 1_000);
      broken = new Overload(fleet, plan, System.out).run();
    }
    System.exit(broken.isEmpty() ? 0 : 1);
  }

  /// @return what is broken, empty if nothing
  List<String> run() throws InterruptedException, SQLException, ExecutionException {
    DemoData.SeatType seats = new DemoData.SeatType(LatencyProbe.SEATS, "10.00", MANY, MANY);
    long wanted = fleet.addEvent("Flooded", null, null, seats);
    long quiet = fleet.addEvent("Quiet", null, null, seats);
    Map<String, Long> pids = pids();
    measure(before);

    List<URI> doors = fleet.ingresses();
    Load calm = load(new Clients(plan.calm(), plan.clients(), doors, false, false), wanted, quiet);
    say("busy, %d clients: %s".formatted(plan.clients(), calm));
    awaitEmpty();
    int tenfold = TIMES * plan.clients();
    Load flood = load(new Clients(plan.flood(), tenfold, doors, false, true), wanted, quiet);
    say("flood, %d clients: %s".formatted(tenfold, flood));
    awaitRecovery(doors.getLast(), quiet);
    if (flood.answered(202) == 0) {
      broken.add("nothing was accepted any more");
    }
    long accepted = calm.answered(202) + flood.answered(202) + refuse(pids, wanted, quiet);

    if (fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", wanted) < accepted) {
      broken.add("something accepted was never decided");
    }
    if (!pids.equals(pids())) {
      broken.add("a process was not the same afterwards: " + pids + ", " + pids());
    }
    measure(after);
    largest.forEach(
        (name, mib) ->
            say(
                "resident set of %s, MiB: before %d, largest %d, after %d"
                    .formatted(name, before.get(name), mib, after.get(name))));
    largest.forEach(
        (name, mib) -> {
          if (mib > LARGEST_MIB) {
            broken.add(name + " took " + mib + " MiB");
          }
        });
    broken.forEach(one -> say("BROKEN: " + one));
    return List.copyOf(broken);
  }

  /// The flood of the narrow ingress, which is there only for that.
  ///
  /// @return how many it accepted
  private long refuse(Map<String, Long> others, long wanted, long quiet)
      throws InterruptedException, ExecutionException {
    URI narrow = fleet.addNarrowIngress();
    try {
      Map<String, Long> pids = pids();
      String name = pids.keySet().stream().filter(one -> !others.containsKey(one)).findAny().get();
      Map<String, Long> now = new TreeMap<>();
      measure(now);
      before.put(name, now.get(name));
      int tenfold = TIMES * plan.clients();
      Load flood =
          load(new Clients(plan.refusals(), tenfold, List.of(narrow), true, true), wanted, quiet);
      say("flood of a narrow ingress, %d clients: %s".formatted(tenfold, flood));
      awaitRecovery(narrow, quiet);
      if (flood.answered(202) == 0 || flood.answered(503) == 0) {
        broken.add("nothing was refused, or all: " + flood.statuses);
      }
      if (!pids.equals(pids())) {
        broken.add("a process was not the same afterwards: " + pids + ", " + pids());
      }
      measure(after);
      return flood.answered(202);
    } finally {
      fleet.system().removeIngress();
    }
  }

  /// @param doors where they book, in turns
  /// @param patient whether a refused one comes again when it is told to, or at once
  /// @param amongHostile whether the hostile ones are there, too
  private record Clients(
      Duration time, int count, List<URI> doors, boolean patient, boolean amongHostile) {}

  /// What clients saw.
  private static final class Load {
    final Map<Integer, LongAdder> statuses = new ConcurrentHashMap<>();
    final Percentiles accepted = new Percentiles();
    final Percentiles refused = new Percentiles();
    final Percentiles quiet = new Percentiles();
    final LongAdder unanswered = new LongAdder();
    final LongAdder connects = new LongAdder();
    final LongAdder slowBytes = new LongAdder();
    final LongAdder shutOut = new LongAdder();
    long millis;

    long answered(int status) {
      LongAdder answers = statuses.get(status);
      return answers == null ? 0 : answers.sum();
    }

    @Override
    public String toString() {
      return ("%s in %.1f s, %,d accepted/s; accepted after %s; refused after %s; unanswered %d;"
              + " connects %,d; slow bytes %,d, slow and silent connections ended by the server %d;"
              + " quiet event, booked to decided: %s")
          .formatted(
              new TreeMap<>(statuses),
              millis / 1e3,
              answered(202) * 1_000 / Math.max(1, millis),
              accepted,
              refused,
              unanswered.sum(),
              connects.sum(),
              slowBytes.sum(),
              shutOut.sum(),
              quiet);
    }
  }

  private Load load(Clients clients, long wanted, long quiet)
      throws InterruptedException, ExecutionException {
    Load load = new Load();
    long start = System.nanoTime();
    BooleanSupplier going = () -> System.nanoTime() - start < clients.time().toNanos();
    List<Socket> silent = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      if (clients.amongHostile()) {
        openHalf(silent);
        List<Socket> slow = openSlow(silent);
        openDeaf(silent, wanted);
        all.add(threads.submit(() -> dribble(slow, load, going)));
        all.add(threads.submit(() -> connect(load, going)));
        all.add(
            threads.submit(
                () ->
                    book(
                        "overload-greedy",
                        clients.doors().getFirst(),
                        wanted,
                        false,
                        load,
                        going)));
      }
      for (int number = 0; number < clients.count(); number++) {
        String user = "overload-" + number;
        URI ingress = clients.doors().get(number % clients.doors().size());
        all.add(threads.submit(() -> book(user, ingress, wanted, clients.patient(), load, going)));
      }
      all.add(
          threads.submit(
              () -> {
                LatencyProbe probe =
                    new LatencyProbe(fleet, "overload-quiet", fleet.ingresses().get(1));
                while (going.getAsBoolean()) {
                  probe(probe, quiet, load);
                  TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
                }
                return null;
              }));
      while (going.getAsBoolean()) {
        measure(largest);
        TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
      }
      for (Future<?> one : all) {
        one.get();
      }
      silent.stream().filter(Overload::isEnded).forEach(socket -> load.shutOut.increment());
    } finally {
      silent.forEach(Overload::close);
    }
    load.millis = (System.nanoTime() - start) / 1_000_000;
    return load;
  }

  private Void book(
      String user, URI ingress, long event, boolean patient, Load load, BooleanSupplier going)
      throws IOException, InterruptedException {
    String headers = "Authorization: Bearer " + fleet.token(user) + "\r\n";
    try (HttpConnection connection = new HttpConnection(ingress)) {
      while (going.getAsBoolean()) {
        long since = System.nanoTime();
        try {
          HttpConnection.Response response =
              connection.send("POST", "/api/v1/reservations", headers, LatencyProbe.booking(event));
          load.statuses.computeIfAbsent(response.status(), key -> new LongAdder()).increment();
          switch (response.status()) {
            case 202 -> load.accepted.noteSince(since);
            case 429, 503 -> {
              load.refused.noteSince(since);
              long seconds = response.retryAfter(0);
              if (seconds < 1) {
                broken.add(response.status() + " that does not say when to come again");
              }
              if (patient) {
                pause(
                    TimeUnit.SECONDS.toMillis(seconds)
                        + ThreadLocalRandom.current().nextInt(LATER_MILLIS),
                    going);
              }
            }
            default -> broken.add(response.status() + " " + response.body());
          }
        } catch (IOException e) {
          load.unanswered.increment();
        }
      }
    }
    return null;
  }

  /// Until it is over, or all is.
  private static void pause(long millis, BooleanSupplier going) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (going.getAsBoolean() && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }

  private void probe(LatencyProbe probe, long event, Load load) {
    try {
      LatencyProbe.Seen seen = probe.book(event, load.quiet);
      if (seen.status() != 202) {
        load.statuses.computeIfAbsent(seen.status(), key -> new LongAdder()).increment();
      } else if (!seen.decided()) {
        broken.add("the quiet event had no decision in time");
      }
    } catch (IOException e) {
      load.unanswered.increment();
    }
  }

  private List<URI> doors() {
    List<URI> doors = new ArrayList<>(fleet.ingresses());
    doors.addAll(fleet.notifiers());
    return doors;
  }

  private void openHalf(List<Socket> opened) {
    open(opened, doors(), plan.halfOpen(), "GET /ws/events/1 HTTP/1.1\r\nHost: x\r\nX");
  }

  private List<Socket> openSlow(List<Socket> opened) {
    return open(opened, doors(), plan.slow(), "GET /api/v1/events HTTP/1.1\r\nX: ");
  }

  /// Sockets that follow an event which changes all the time, and neither read nor answer a ping.
  private void openDeaf(List<Socket> opened, long event) {
    open(
        opened,
        fleet.notifiers(),
        plan.slow(),
        "GET /ws/events/%d HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                .formatted(event)
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  }

  private List<Socket> open(List<Socket> opened, List<URI> doors, int count, String start) {
    List<Socket> those = new ArrayList<>();
    for (int number = 0; number < count; number++) {
      URI door = doors.get(number % doors.size());
      try {
        Socket socket = new Socket();
        opened.add(socket);
        // So that what is not read stays with the server.
        socket.setReceiveBufferSize(4_096);
        socket.connect(new InetSocketAddress(door.getHost(), door.getPort()));
        socket.getOutputStream().write(start.getBytes(StandardCharsets.US_ASCII));
        those.add(socket);
      } catch (IOException e) {
        broken.add("no connection was possible before the flood: " + e);
      }
    }
    return those;
  }

  private static Void dribble(List<Socket> slow, Load load, BooleanSupplier going)
      throws InterruptedException {
    while (going.getAsBoolean()) {
      for (Socket socket : slow) {
        try {
          socket.getOutputStream().write('x');
          load.slowBytes.increment();
        } catch (IOException e) {
          // The server has had enough of it.
        }
      }
      TimeUnit.SECONDS.sleep(1);
    }
    return null;
  }

  /// Whatever came before the end is read and thrown away.
  private static boolean isEnded(Socket socket) {
    try {
      socket.setSoTimeout(1);
      byte[] some = new byte[8_192];
      int read = socket.getInputStream().read(some);
      while (read > 0) {
        read = socket.getInputStream().read(some);
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private Void connect(Load load, BooleanSupplier going) throws InterruptedException {
    List<URI> doors = doors();
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

  /// Until the backlog is gone and a booking is accepted and decided as on any other day.
  private void awaitRecovery(URI ingress, long quiet) throws InterruptedException {
    long since = System.nanoTime();
    awaitEmpty();
    say("backlog gone %.1f s after the flood".formatted((System.nanoTime() - since) / 1e9));
    Load afterwards = new Load();
    probe(new LatencyProbe(fleet, "overload-after", ingress), quiet, afterwards);
    if (!afterwards.statuses.isEmpty() || afterwards.unanswered.sum() > 0) {
      broken.add("no booking after the flood: " + afterwards.statuses);
    }
  }

  private void awaitEmpty() throws InterruptedException {
    long end = System.nanoTime() + END.toNanos();
    while (fleet.servers().queue().backlog(LocalServers.QUEUE) > 0) {
      if (System.nanoTime() > end) {
        broken.add("the backlog is still there after " + END.toSeconds() + " s");
        return;
      }
      measure(largest);
      TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
    }
  }

  private Map<String, Long> pids() {
    Map<String, Long> pids = new TreeMap<>();
    for (ApplicationProcess application : fleet.system().applications()) {
      pids.put(application.name(), application.isRunning() ? application.pid() : -1);
    }
    return pids;
  }

  /// Resident set of each process, as Linux tells it.
  ///
  /// @param most gets it where it is more than it has, MiB
  private void measure(Map<String, Long> most) {
    for (Map.Entry<String, Long> process : pids().entrySet()) {
      try {
        Files.readString(Path.of("/proc", process.getValue().toString(), "status"))
            .lines()
            .filter(line -> line.startsWith("VmRSS:"))
            .forEach(
                line ->
                    most.merge(
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
