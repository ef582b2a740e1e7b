package ticketing.local;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ServerException;

/// The servers and the applications together, each application a process of its own. Whatever happens
/// to this JVM, none of them outlives it.
public final class LocalSystem implements AutoCloseable {

  private static final Duration READY = Duration.ofSeconds(120);
  private static final Duration INGRESS_GRACE = Duration.ofSeconds(15);
  private static final Duration DRAIN = Duration.ofSeconds(10);
  private static final Duration WORKER_GRACE = Duration.ofSeconds(30);
  private static final Duration NOTIFIER_GRACE = Duration.ofSeconds(10);
  private static final long DRAIN_POLL_MILLIS = 100;

  private final SystemSettings settings;
  private final Consumer<String> progress;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final LocalServers servers;
  private final List<Application> workers = new CopyOnWriteArrayList<>();
  private Application ingress;
  private Application notifier;
  private Consumer<ManagedProcess> deathListener = dead -> {};
  private boolean closed;

  private LocalSystem(
      SystemSettings settings, LocalServers servers, Consumer<String> progress) {
    this.settings = settings;
    this.servers = servers;
    this.progress = progress;
  }

  public static LocalSystem start(SystemSettings settings) {
    return start(settings, step -> {});
  }

  /// Everything is ready on return.
  ///
  /// @param progress told in a few words what is being done
  /// @throws ServerException if a part does not come up; nothing is left running then
  public static LocalSystem start(SystemSettings settings, Consumer<String> progress) {
    progress.accept("starting MariaDB, Redis and the queue");
    LocalServers servers = LocalServers.start(settings.servers());
    LocalSystem system = new LocalSystem(settings, servers, progress);
    try {
      system.startApplications();
      return system;
    } catch (ServerException e) {
      system.killAll();
      throw e;
    }
  }

  public LocalServers servers() {
    return servers;
  }

  public Application ingress() {
    return ingress;
  }

  public Application notifier() {
    return notifier;
  }

  /// In the order they were started; never empty.
  public List<Application> workers() {
    return List.copyOf(workers);
  }

  public List<Application> applications() {
    List<Application> all = new ArrayList<>();
    all.add(ingress);
    all.add(notifier);
    all.addAll(workers);
    return all;
  }

  /// One more worker, ready on return.
  public Application addWorker() {
    Application worker = newWorker(BootJar.unpacked(settings.checkout(), "booking-worker"));
    worker.start();
    worker.awaitReady(READY);
    return worker;
  }

  /// Calls back, from another thread, when a process ends although nobody told it to.
  public synchronized void onDeath(Consumer<ManagedProcess> listener) {
    deathListener = listener;
    servers.onDeath(listener);
    applications().forEach(application -> application.onDeath(listener));
  }

  /// Stops in the order in which nothing accepted is left undecided: first what accepts, then, when
  /// the queue is empty or 10 s have passed, what decides, then what tells of it, then the servers.
  /// An interrupted thread carries it through too.
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    boolean interrupted = Thread.interrupted();
    try {
      stop(ingress, INGRESS_GRACE);
      drain();
      List<CompletableFuture<Void>> stopping =
          workers.stream()
              .map(worker -> CompletableFuture.runAsync(() -> stop(worker, WORKER_GRACE)))
              .toList();
      stopping.forEach(CompletableFuture::join);
      stop(notifier, NOTIFIER_GRACE);
      progress.accept("stopping MariaDB, Redis and the queue");
    } finally {
      killAll();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void startApplications() {
    Path folder = settings.servers().folder();
    Map<String, Path> jars = unpack("ingress-api", "notifier", "booking-worker");
    int ingressPort = orFree(settings.ingressPort());
    ingress =
        application(
            "ingress-api",
            jars.get("ingress-api"),
            ingressPort,
            orFree(settings.ingressManagementPort()),
            Map.of());
    notifier =
        application(
            "notifier",
            jars.get("notifier"),
            orFree(settings.notifierPort()),
            orFree(settings.notifierManagementPort()),
            Map.of("TICKETING_INGRESS_URL", "http://127.0.0.1:" + ingressPort));
    for (int worker = 0; worker < settings.workers(); worker++) {
      newWorker(jars.get("booking-worker"));
    }
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new ServerException("cannot create " + folder + ": " + e.getMessage(), e);
    }
    progress.accept(
        "starting ingress-api, notifier and %d booking-worker%s"
            .formatted(settings.workers(), settings.workers() == 1 ? "" : "s"));
    applications().forEach(Application::start);
    applications().forEach(application -> application.awaitReady(READY));
  }

  private Map<String, Path> unpack(String... modules) {
    Map<String, Path> jars = new HashMap<>();
    for (String module : modules) {
      jars.put(module, BootJar.unpacked(settings.checkout(), module));
    }
    return jars;
  }

  private Application newWorker(Path jar) {
    int number = workers.size() + 1;
    int first = settings.workerManagementPort();
    Application worker =
        application(
            "booking-worker-" + number,
            jar,
            0,
            first == 0 ? Ports.free() : first + number - 1,
            Map.of());
    worker.onDeath(deathListener);
    workers.add(worker);
    return worker;
  }

  private Application application(
      String name, Path jar, int port, int managementPort, Map<String, String> own) {
    Map<String, String> environment = new HashMap<>(servers.environment());
    environment.put("SPRING_PROFILES_ACTIVE", "local");
    environment.put("TICKETING_BIND_ADDRESS", "127.0.0.1");
    environment.put("TICKETING_MANAGEMENT_PORT", Integer.toString(managementPort));
    if (port != 0) {
      environment.put("TICKETING_PORT", Integer.toString(port));
    }
    environment.putAll(own);
    environment.putAll(settings.environment());
    return new Application(
        name, jar, port, managementPort, settings.servers().folder(), environment, http);
  }

  private void stop(Application application, Duration grace) {
    if (application.isRunning()) {
      progress.accept("stopping " + application.name());
      if (!application.stop(grace)) {
        progress.accept(
            application.name() + " did not stop within " + grace.toSeconds() + " s and was killed");
      }
    }
  }

  private void drain() {
    if (workers.stream().noneMatch(Application::isRunning) || !servers.queue().isRunning()) {
      return;
    }
    long deadline = System.nanoTime() + DRAIN.toNanos();
    try {
      while (servers.queue().backlog(LocalServers.QUEUE) > 0 && System.nanoTime() < deadline) {
        TimeUnit.MILLISECONDS.sleep(DRAIN_POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void killAll() {
    List<Application> left = new ArrayList<>(workers);
    if (ingress != null) {
      left.add(ingress);
    }
    if (notifier != null) {
      left.add(notifier);
    }
    left.forEach(Application::kill);
    servers.close();
  }

  private static int orFree(int port) {
    return port == 0 ? Ports.free() : port;
  }
}
