package ticketing.simulation.process;

import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.util.function.IntConsumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import ticketing.database.ClockSettings;
import ticketing.database.DatabaseClock;
import ticketing.database.DatabaseHealth;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.simulation.database.SimulatedConnection;
import ticketing.simulation.kernel.SimulatedProcess;
import ticketing.simulation.queue.SimulatedSqs;
import ticketing.simulation.redis.SimulatedRedisson;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.tracing.Traces;

/// Booking worker: the pipeline and all scheduled jobs.
public final class WorkerProcess {

  private final SimulatedProcess process;
  private @Nullable Object listener; // null: not started yet

  private WorkerProcess(SimulatedProcess process) {
    this.process = process;
  }

  /// Starts a worker.
  ///
  /// @param maxConcurrentBatches 1 or 2
  public static WorkerProcess start(
      Servers servers, SimulatedProcess process, int maxConcurrentBatches) {
    WorkerProcess worker = new WorkerProcess(process);
    ProcessSettings settings = ProcessSettings.ofWorker(maxConcurrentBatches);
    process.start("main", () -> worker.run(servers, settings));
    return worker;
  }

  public SimulatedProcess process() {
    return process;
  }

  /// Ends the process as SIGTERM does: it finishes or releases its messages first.
  public void stop() {
    if (listener == null) {
      process.crash();
      return;
    }
    process.start(
        "stop",
        () -> {
          Wiring.call(listener, "stop");
          process.crash();
        });
  }

  /// Beans that a worker and an ingress process have in common.
  static Wiring wiring(ProcessSettings settings, Servers servers, SimulatedProcess process) {
    Wiring wiring = new Wiring(settings, process);
    DataSource database =
        SimulatedConnection.dataSource(
            servers.kernel, process, servers.database, servers.databaseFaults);
    wiring.add(
        database,
        new CompositeMeterRegistry(),
        new JdbcTemplate(database),
        new JdbcTransactionManager(database),
        new SimulatedSqs(servers.kernel, process, servers.queues, servers.queueFaults),
        gateway(settings, servers, process),
        new Traces(OpenTelemetry.noop()),
        (IntConsumer) exitCode -> process.crash());
    Clock clock = new DatabaseClock(database, process.clock(), settings.get(ClockSettings.class));
    wiring.add(clock);
    return wiring;
  }

  /// Status store for a process that only reads it.
  public static StatusStore statusStore(Servers servers, SimulatedProcess process) {
    return new StatusStore(
        gateway(ProcessSettings.ofWorker(1), servers, process),
        ProcessSettings.ofWorker(1).get(StatusStoreSettings.class));
  }

  private static RedisGateway gateway(
      ProcessSettings settings, Servers servers, SimulatedProcess process) {
    return RedisGateway.of(
        SimulatedRedisson.create(servers.kernel, process, servers.redis, servers.redisFaults),
        settings.get(RedisSettings.class));
  }

  private void run(Servers servers, ProcessSettings settings) {
    Wiring wiring = wiring(settings, servers, process);
    Object storeSettings = wiring.get("ticketing.worker.store.StoreSettings");
    wiring.add(
        new DatabaseHealth(
            wiring.get(DataSource.class),
            (Integer) Wiring.call(storeSettings, "maxFailingEvents")));
    wiring.add(
        new StatusStore(wiring.get(RedisGateway.class), wiring.get(StatusStoreSettings.class)));
    wiring.get("ticketing.worker.queue.SqsCommandQueue");
    Object created = wiring.get("ticketing.worker.pipeline.CommandListener");
    Object waitingLine = wiring.get("ticketing.worker.waiting.WaitingLineJob");
    Wiring.call(created, "start");
    Wiring.call(waitingLine, "start");
    wiring.startJobs("ticketing.worker.pipeline.DecisionPublisher");
    wiring.startJobs("ticketing.worker.maintenance.HoldExpiry");
    wiring.startJobs("ticketing.worker.maintenance.DeadLetterJob");
    listener = created;
    servers.kernel.log().add(process.name(), "started");
  }
}
