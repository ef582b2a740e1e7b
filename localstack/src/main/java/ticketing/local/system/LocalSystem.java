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

/// The servers and the applications, each application in a child process. No child process outlives
/// this JVM.
public final class LocalSystem implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofSeconds(300);

  /// Heap for 4,000 requests that begin together, 60 KiB each. The JVM uses this memory only then.
  private static final List<String> INGRESS_OPTIONS = List.of("-Xmx1g");

  private static final Duration INGRESS_GRACE = Duration.ofSeconds(15);
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration WORKER_GRACE = Duration.ofSeconds(30);
  private static final Duration NOTIFIER_GRACE = Duration.ofSeconds(10);
  private static final long DRAIN_POLL_INTERVAL = 100; // ms

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
  private Consumer<ManagedProcess> endListener = process -> {};
  private boolean closed;

  private LocalSystem(SystemSettings settings, LocalServers servers, Consumer<String> progress) {
    this.settings = settings;
    this.servers = servers;
    this.progress = progress;
  }

  public static LocalSystem start(SystemSettings settings) {
    return start(settings, step -> {});
  }

  /// Makes the missing AOT caches of the applications, which takes up to half a minute. Later
  /// starts use the caches, like the container images.
  ///
  /// @throws IllegalStateException if interrupted
  public static synchronized void makeCaches() {
    try {
      AotCache.makeConcurrently(
          Stream.of("ingress-api", "booking-worker", "notifier")
              .map(module -> BootJar.unpacked(ProjectRoot.root(), module))
              .toList());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Starts all servers and applications. They are ready on return.
  ///
  /// @param progress receives a line for each step
  /// @throws ServerException if a process does not become ready; then all processes are stopped
  public static LocalSystem start(SystemSettings settings, Consumer<String> progress) {
    progress.accept("starting " + LocalServers.names() + " and the queue");
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

  /// The first ingress-api.
  public ApplicationProcess ingress() {
    return ingresses.getFirst();
  }

  /// The first notifier.
  public ApplicationProcess notifier() {
    return notifiers.getFirst();
  }

  /// All workers in the order of their start; never empty.
  public List<ApplicationProcess> workers() {
    return List.copyOf(workers);
  }

  public List<ApplicationProcess> applications() {
    List<ApplicationProcess> all = new ArrayList<>(ingresses);
    all.addAll(notifiers);
    all.addAll(workers);
    return all;
  }

  /// Adds an ingress-api on free ports, which is ready on return.
  public ApplicationProcess addIngress() {
    int notifierPort = notifier().url().getPort();
    return startAll(List.of(newIngress(Ports.free(), Ports.free(), notifierPort))).getFirst();
  }

  /// Adds a notifier on free ports, which is ready on return.
  public ApplicationProcess addNotifier() {
    return startAll(List.of(newNotifier(Ports.free(), Ports.free()))).getFirst();
  }

  /// Adds workers, which are ready on return.
  public List<ApplicationProcess> addWorkers(int count) {
    return startAll(Stream.generate(this::newWorker).limit(count).toList());
  }

  /// Stops the last started worker, which finishes its received messages.
  ///
  /// @throws IllegalStateException if there is only one worker
  public void removeWorker() {
    if (workers.size() == 1) {
      throw new IllegalStateException("a system has at least one worker");
    }
    stop(workers.removeLast(), WORKER_GRACE);
  }

  /// Stops the last started ingress-api, which completes its requests.
  ///
  /// @throws IllegalStateException if there is only one ingress-api
  public void removeIngress() {
    if (ingresses.size() == 1) {
      throw new IllegalStateException("a system has at least one ingress");
    }
    stop(ingresses.removeLast(), INGRESS_GRACE);
  }

  /// Sets a listener for processes that end without a stop. It runs in another thread.
  public synchronized void onUnexpectedEnd(Consumer<ManagedProcess> listener) {
    endListener = listener;
    servers.onUnexpectedEnd(listener);
    applications().forEach(application -> application.onUnexpectedEnd(listener));
  }

  /// Stops all processes in an order that decides accepted commands: ingress-api, then the workers
  /// when the queue is empty or after 10 s, then the notifiers, then the servers. An interrupt does
  /// not end the stop.
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
      progress.accept("stopping " + LocalServers.names() + " and the queue");
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
    startAll(applications());
  }

  private static List<ApplicationProcess> startAll(List<ApplicationProcess> applications) {
    applications.forEach(ApplicationProcess::start);
    applications.forEach(application -> application.awaitReady(START_TIMEOUT));
    return applications;
  }

  private ApplicationProcess newIngress(int port, int managementPort, int notifierPort) {
    Map<String, String> environment =
        Map.of(
            "TICKETING_NOTIFIER_URL",
            "ws://127.0.0.1:" + notifierPort,
            "TICKETING_POSTERS_FOLDER",
            settings.servers().folder().toAbsolutePath().toString());
    return add(ingresses, "ingress-api", port, managementPort, INGRESS_OPTIONS, environment);
  }

  private ApplicationProcess newNotifier(int port, int managementPort) {
    Map<String, String> ingressUrl = Map.of("TICKETING_INGRESS_URL", ingress().url().toString());
    return add(notifiers, "notifier", port, managementPort, List.of(), ingressUrl);
  }

  private ApplicationProcess newWorker() {
    int first = settings.workerManagementPort();
    int port = first == 0 ? Ports.free() : first + workers.size();
    return add(workers, "booking-worker", 0, port, List.of(), Map.of());
  }

  private ApplicationProcess add(
      List<ApplicationProcess> processes,
      String module,
      int port,
      int managementPort,
      List<String> ownOptions,
      Map<String, String> ownEnvironment) {
    String name = processes.isEmpty() ? module : module + "-" + (processes.size() + 1);
    Map<String, String> environment = new HashMap<>(servers.environment());
    environment.put("SPRING_PROFILES_ACTIVE", "local");
    environment.put("TICKETING_BIND_ADDRESS", "127.0.0.1");
    environment.put("TICKETING_MANAGEMENT_PORT", Integer.toString(managementPort));
    if (port != 0) {
      environment.put("TICKETING_PORT", Integer.toString(port));
    }
    environment.putAll(ownEnvironment);
    environment.putAll(settings.environment());
    environment.putAll(settings.environments().getOrDefault(name, Map.of()));
    ApplicationProcess application =
        new ApplicationProcess(
            name,
            BootJar.unpacked(settings.projectRoot(), module),
            port,
            managementPort,
            settings.servers().folder(),
            ownOptions,
            environment,
            http);
    synchronized (this) {
      application.onUnexpectedEnd(endListener);
    }
    processes.add(application);
    return application;
  }

  /// Stops the processes concurrently. Not on the common pool, because the caller may block its
  /// only thread.
  private void stop(List<ApplicationProcess> processes, Duration grace) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      processes.forEach(process -> threads.submit(() -> stop(process, grace)));
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
    long deadline = System.nanoTime() + DRAIN_TIMEOUT.toNanos();
    try {
      while (servers.queue().backlog(LocalServers.QUEUE) > 0 && System.nanoTime() < deadline) {
        TimeUnit.MILLISECONDS.sleep(DRAIN_POLL_INTERVAL);
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
