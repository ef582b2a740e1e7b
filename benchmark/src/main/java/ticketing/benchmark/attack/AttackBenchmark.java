package ticketing.benchmark.attack;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import ticketing.benchmark.process.ProcessStatistics;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.support.AccessTokens;
import ticketing.benchmark.support.Events;
import ticketing.benchmark.support.Percentiles;
import ticketing.benchmark.support.RunningLoad;
import ticketing.benchmark.support.SignIns;
import ticketing.benchmark.support.UnlimitedSystem;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;
import ticketing.local.system.LocalSystem;

/// Time of a booking while one client attacks ingress-api, compared with the time without an attack
/// in turns of the same run. The rate limits of sign-ins are lifted, as an attacker with many
/// addresses does. Afterwards 10,000 long polls of undecided tickets are open.
final class AttackBenchmark {

  private static final String PART = "attack";
  private static final int SIGN_IN_LOOPS = 16;
  private static final Duration PAUSE_AFTER_ERROR = Duration.ofMillis(10);
  private static final int SLOW_CLIENTS = 620; // more than permits of the process
  private static final int POLLS_OF_USER = 10;
  private static final int POLLS =
      Math.max(POLLS_OF_USER, Integer.getInteger("benchmark.attack.polls", 10_000));
  private static final int SEATS = 10_000_000;
  private static final int TURNS = Integer.getInteger("benchmark.attack.turns", 3);
  private static final int BUYERS = 2; // connections that book
  private static final int USERS = 5_000; // a user may book a few times a second
  private static final Duration TURN = Duration.ofSeconds(5);
  private static final Duration WARM_UP = Duration.ofSeconds(30);
  private static final int SETTLE_SECONDS = 15; // the handlers of the polls return
  private static final Duration OPEN_TIMEOUT = Duration.ofMinutes(2); // of all polls
  private static final int COUNT_SECONDS = 5; // between counts, each a full collection
  private static final double MAX_P50_RATIO = 2; // times the p50 without an attack
  private static final double MAX_POLL_KIB = 10; // heap of a waiting long poll
  private static final int MAX_ADDED_THREADS = 10; // idle ones of a pool may start

  /// 45 % of the memory of an instance, as in the images.
  private static final String IMAGE_HEAP = "-Xmx920m";

  private static final Pattern LIVE_BYTES = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");

  private static final Pattern OPEN_POLLS =
      Pattern.compile("(\\d+)\\s+\\d+\\s+ticketing\\.ingress\\.ticket\\.LongPolls\\$Poll\\s");

  private final LocalSystem system;
  private final long event;
  private final List<String> tokens;
  private final AtomicInteger nextUser = new AtomicInteger();

  private AttackBenchmark(LocalSystem system) throws IOException {
    this.system = system;
    this.tokens = AccessTokens.ofBuyers("attack-", USERS);
    this.event = Events.create(system.ingress().url(), "Attack", SEATS);
  }

  /// @param arguments folder of the results; work folder
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected(PART)) {
      return;
    }
    Map<String, String> environment =
        Map.of(
            "TICKETING_RATES_SIGN_IN_ADDRESS_TOKENS",
            UnlimitedSystem.UNLIMITED,
            "TICKETING_TICKETS_MAX_WAIT",
            "5m");
    try (LocalSystem system =
        UnlimitedSystem.start(Path.of(arguments[1]).toAbsolutePath(), IMAGE_HEAP, environment)) {
      new AttackBenchmark(system).run().write(Path.of(arguments[0]));
    }
    System.exit(0);
  }

  private Measurement run() throws IOException, InterruptedException {
    Measurement all = Measurement.of(PART, "mvn -Pbenchmark -Dbenchmark.parts=" + PART);
    book(WARM_UP);
    URI ingress = system.ingress().url();
    all =
        compare(
            all,
            "%d loops of wrong passwords".formatted(SIGN_IN_LOOPS),
            SIGN_IN_LOOPS,
            () -> wrongPasswords(ingress));
    all =
        compare(
            all,
            "%d slow bodies".formatted(SLOW_CLIENTS),
            SLOW_CLIENTS,
            () -> new SlowBodies(ingress, SLOW_CLIENTS));
    return withLongPolls(all);
  }

  private static RunningLoad wrongPasswords(URI ingress) {
    return new SignIns(
        ingress,
        SIGN_IN_LOOPS,
        loop -> SignIns.body("user%d@example.com".formatted(loop), "wrong-password"),
        Set.of(401, 429),
        PAUSE_AFTER_ERROR);
  }

  /// Adds the p50 and the p99 of a booking during an attack, with and without it in turns.
  ///
  /// @param clients of the attack, which send at least one request each in a turn
  private Measurement compare(
      Measurement all, String attack, int clients, Supplier<? extends RunningLoad> start)
      throws InterruptedException {
    List<Double> without = new ArrayList<>();
    List<Double> during = new ArrayList<>();
    long failed = 0;
    long requests = 0;
    Optional<String> failure = Optional.empty();
    for (int turn = 0; turn < TURNS; turn++) {
      without.addAll(book(TURN).millis());
      try (RunningLoad running = start.get()) {
        Bookings bookings = book(TURN);
        during.addAll(bookings.millis());
        failed += bookings.failed();
        failure = failure.or(bookings::failure);
        requests += running.requests();
      }
    }
    System.out.printf(
        "[attack] %s: p50 %.1f ms, without %.1f ms, %d failed%n",
        attack, Percentiles.of(during, 0.5), Percentiles.of(without, 0.5), failed);
    return all.with(
            Row.of("booking, p50, " + attack, Percentiles.of(during, 0.5), "ms")
                .withBaseline("without an attack", Percentiles.of(without, 0.5))
                .withMaxRatio(MAX_P50_RATIO))
        .with(
            Row.of("booking, p99, " + attack, Percentiles.of(during, 0.99), "ms")
                .withBaseline("without an attack", Percentiles.of(without, 0.99)))
        .with(
            Row.of("requests of the attack, " + attack, requests, "requests")
                .withMin((double) clients * TURNS))
        .with(
            Row.of("bookings that failed, " + attack, failed, "bookings")
                .withMax(0)
                .withNote(failure.orElse(null)));
  }

  /// @param millis times of the accepted bookings
  /// @param failure first reason of a failed booking
  private record Bookings(List<Double> millis, long failed, Optional<String> failure) {}

  /// Books in a closed model for a time.
  private Bookings book(Duration duration) throws InterruptedException {
    long end = System.nanoTime() + duration.toNanos();
    try (ExecutorService threads = Executors.newFixedThreadPool(BUYERS)) {
      List<Future<Bookings>> buyers =
          IntStream.range(0, BUYERS).mapToObj(_ -> threads.submit(() -> bookUntil(end))).toList();
      List<Bookings> results = new ArrayList<>();
      for (Future<Bookings> buyer : buyers) {
        results.add(buyer.get());
      }
      return new Bookings(
          results.stream().flatMap(bookings -> bookings.millis().stream()).toList(),
          results.stream().mapToLong(Bookings::failed).sum(),
          results.stream().flatMap(bookings -> bookings.failure().stream()).findFirst());
    } catch (ExecutionException e) {
      throw new IllegalStateException("a buyer failed", e.getCause());
    }
  }

  private Bookings bookUntil(long end) {
    List<Double> millis = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    try (ApiConnection connection = new ApiConnection(system.ingress().url())) {
      while (System.nanoTime() < end) {
        String token = tokens.get(nextUser.getAndIncrement() % USERS);
        long startedAt = System.nanoTime();
        try {
          ApiResponse response = connection.send("POST", "/api/v1/reservations", token, booking());
          if (response.status() == 202) {
            millis.add((System.nanoTime() - startedAt) / 1e6);
          } else {
            failures.add(response.status() + " " + response.body());
          }
        } catch (IOException e) {
          failures.add(e.toString());
        }
      }
    }
    return new Bookings(millis, failures.size(), failures.stream().findFirst());
  }

  private String booking() {
    return "{\"eventId\":%d,\"seatType\":\"R\",\"quantity\":1}".formatted(event);
  }

  /// Without a worker, the tickets stay undecided. The baseline are the same connections with
  /// answered requests.
  private Measurement withLongPolls(Measurement all) throws IOException, InterruptedException {
    system.workers().getFirst().stop(Duration.ofSeconds(30));
    long pid = system.ingress().pid();
    try (LongPolls polls = new LongPolls(system.ingress().url(), tokens)) {
      polls.connect(POLLS, POLLS_OF_USER, booking());
      double idleHeap = liveHeapKib(pid);
      double idleResident = ProcessStatistics.anonymousMib(pid);
      int idleThreads = ProcessStatistics.threads(pid);
      polls.start();
      awaitOpenPolls(polls);
      TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
      double heap = (liveHeapKib(pid) - idleHeap) / POLLS;
      double resident = (ProcessStatistics.anonymousMib(pid) - idleResident) * 1024 / POLLS;
      int threads = ProcessStatistics.threads(pid) - idleThreads;
      long answered = polls.countAnswered();
      System.out.printf(
          "[attack] long poll: heap %.1f KiB, resident %.1f KiB, %d threads, %d answered%n",
          heap, resident, threads, answered);
      return all.with(
              Row.of("heap of a waiting long poll, without its connection", heap, "KiB")
                  .withMax(MAX_POLL_KIB)
                  .withNote("%,d polls of one ingress-api".formatted(POLLS)))
          .with(Row.of("resident memory of a waiting long poll", resident, "KiB"))
          .with(Row.of("threads of all long polls", threads, "threads").withMax(MAX_ADDED_THREADS))
          .with(Row.of("long polls that ended early", answered, "polls").withMax(0));
    }
  }

  private void awaitOpenPolls(LongPolls polls) throws IOException, InterruptedException {
    long end = System.nanoTime() + OPEN_TIMEOUT.toNanos();
    while (openPolls() < POLLS) {
      if (System.nanoTime() > end) {
        throw new IOException(
            "long polls are not open, open=%d, answered=%d"
                .formatted(openPolls(), polls.countAnswered()));
      }
      TimeUnit.SECONDS.sleep(COUNT_SECONDS);
    }
  }

  /// Number of live entries in the registry of open long polls.
  private long openPolls() {
    String histogram = ProcessStatistics.jcmd(system.ingress().pid(), "GC.class_histogram");
    Matcher polls = OPEN_POLLS.matcher(histogram);
    return polls.find() ? Long.parseLong(polls.group(1)) : 0;
  }

  /// Size of the live objects. One pause counts them, so garbage of running work has no effect.
  private static double liveHeapKib(long pid) {
    Matcher total = LIVE_BYTES.matcher(ProcessStatistics.jcmd(pid, "GC.class_histogram"));
    return total.find() ? Double.parseDouble(total.group(1)) / 1024 : Double.NaN;
  }
}
