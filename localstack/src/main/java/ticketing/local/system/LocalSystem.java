package ticketing.local.system;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.servers.ServerException;

/// The servers and the applications together, each application a process of its own. Whatever
/// happens to this JVM, none of them outlives it.
public final class LocalSystem implements AutoCloseable {

  private static final Duration READY = Duration.ofSeconds(300);
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
  private final List<ApplicationProcess> ingresses = new CopyOnWriteArrayList<>();
  private final List<ApplicationProcess> notifiers = new CopyOnWriteArrayList<>();
  private final List<ApplicationProcess> workers = new CopyOnWriteArrayList<>();
  private Consumer<ManagedProcess> deathListener = dead -> {};
  private boolean closed;

  private LocalSystem(SystemSettings settings, LocalServers servers, Consumer<String> progress) {
    this.settings = settings;
    this.servers = servers;
    this.progress = progress;
  }

  public static LocalSystem start(SystemSettings settings) {
    return start(settings, step -> {});
  }

  /// From now on every application of this checkout starts from an AOT cache, as those of the
  /// images do. Where there is none yet this takes half a minute; whoever comes meanwhile waits.
  ///
  /// @throws IllegalStateException if interrupted
  public static synchronized void makeCaches() {
    try {
      AotCache.makeAtOnce(
          Stream.of("ingress-api", "booking-worker", "notifier")
              .map(module -> BootJar.unpacked(ProjectRoot.root(), module))
              .toList());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
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

  /// The first of them.
  public ApplicationProcess ingress() {
    return ingresses.getFirst();
  }

  /// The first of them.
  public ApplicationProcess notifier() {
    return notifiers.getFirst();
  }

  /// In the order they were started; never empty.
  public List<ApplicationProcess> workers() {
    return List.copyOf(workers);
  }

  public List<ApplicationProcess> applications() {
    List<ApplicationProcess> all = new ArrayList<>(ingresses);
    all.addAll(notifiers);
    all.addAll(workers);
    return all;
  }

  /// One more of them on free ports, ready on return.
  public ApplicationProcess addIngress() {
    int notifierPort = notifier().url().getPort();
    return started(List.of(newIngress(Ports.free(), Ports.free(), notifierPort))).getFirst();
  }

  /// One more of them on free ports, ready on return.
  public ApplicationProcess addNotifier() {
    return started(List.of(newNotifier(Ports.free(), Ports.free()))).getFirst();
  }

  /// So many more workers, ready on return.
  public List<ApplicationProcess> addWorkers(int count) {
    return started(Stream.generate(this::newWorker).limit(count).toList());
  }

  /// Stops the worker that was started last: it finishes what it has in hand.
  ///
  /// @throws IllegalStateException if it is the only one
  public void removeWorker() {
    if (workers.size() == 1) {
      throw new IllegalStateException("a system has at least one worker");
    }
    stop(workers.removeLast(), WORKER_GRACE);
  }

  /// Stops the ingress that was started last: it answers what it has.
  ///
  /// @throws IllegalStateException if it is the only one
  public void removeIngress() {
    if (ingresses.size() == 1) {
      throw new IllegalStateException("a system has at least one ingress");
    }
    stop(ingresses.removeLast(), INGRESS_GRACE);
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
      stop(ingresses, INGRESS_GRACE);
      drain();
      stop(workers, WORKER_GRACE);
      stop(notifiers, NOTIFIER_GRACE);
      progress.accept("stopping MariaDB, Redis and the queue");
    } finally {
      killAll();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void startApplications() {
    int notifierPort = orFree(settings.notifierPort());
    newIngress(
        orFree(settings.ingressPort()), orFree(settings.ingressManagementPort()), notifierPort);
    newNotifier(notifierPort, orFree(settings.notifierManagementPort()));
    for (int worker = 0; worker < settings.workers(); worker++) {
      newWorker();
    }
    progress.accept(
        "starting ingress-api, notifier and %d booking-worker%s"
            .formatted(settings.workers(), settings.workers() == 1 ? "" : "s"));
    started(applications());
  }

  private static List<ApplicationProcess> started(List<ApplicationProcess> applications) {
    applications.forEach(ApplicationProcess::start);
    applications.forEach(application -> application.awaitReady(READY));
    return applications;
  }

  private ApplicationProcess newIngress(int port, int managementPort, int notifierPort) {
    Map<String, String> whereTheNotifierIs =
        Map.of("TICKETING_NOTIFIER_URL", "ws://127.0.0.1:" + notifierPort);
    return added(ingresses, "ingress-api", port, managementPort, whereTheNotifierIs);
  }

  private ApplicationProcess newNotifier(int port, int managementPort) {
    Map<String, String> whereIngressIs =
        Map.of("TICKETING_INGRESS_URL", ingress().url().toString());
    return added(notifiers, "notifier", port, managementPort, whereIngressIs);
  }

  private ApplicationProcess newWorker() {
    int first = settings.workerManagementPort();
    int port = first == 0 ? Ports.free() : first + workers.size();
    return added(workers, "booking-worker", 0, port, Map.of());
  }

  private ApplicationProcess added(
      List<ApplicationProcess> those,
      String module,
      int port,
      int managementPort,
      Map<String, String> own) {
    String name = those.isEmpty() ? module : module + "-" + (those.size() + 1);
    Map<String, String> environment = new HashMap<>(servers.environment());
    environment.put("SPRING_PROFILES_ACTIVE", "local");
    environment.put("TICKETING_BIND_ADDRESS", "127.0.0.1");
    environment.put("TICKETING_MANAGEMENT_PORT", Integer.toString(managementPort));
    if (port != 0) {
      environment.put("TICKETING_PORT", Integer.toString(port));
    }
    environment.putAll(own);
    environment.putAll(settings.environment());
    environment.putAll(settings.environments().getOrDefault(name, Map.of()));
    ApplicationProcess application =
        new ApplicationProcess(
            name,
            BootJar.unpacked(settings.checkout(), module),
            port,
            managementPort,
            settings.servers().folder(),
            environment,
            http);
    synchronized (this) {
      application.onDeath(deathListener);
    }
    those.add(application);
    return application;
  }

  /// Side by side, but not on the common pool: whoever waits for this stop may sit on its only
  /// thread.
  private void stop(List<ApplicationProcess> those, Duration grace) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      those.forEach(one -> threads.submit(() -> stop(one, grace)));
    }
  }

  private void stop(ApplicationProcess application, Duration grace) {
    if (application.isRunning()) {
      progress.accept("stopping " + application.name());
      if (!application.stop(grace)) {
        progress.accept(
            application.name() + " did not stop within " + grace.toSeconds() + " s and was killed");
      }
    }
  }

  private void drain() {
    if (workers.stream().noneMatch(ApplicationProcess::isRunning) || !servers.queue().isRunning()) {
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
    applications().forEach(ApplicationProcess::kill);
    servers.close();
  }

  private static int orFree(int port) {
    return port == 0 ? Ports.free() : port;
  }
}
