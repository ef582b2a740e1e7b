package ticketing.simulation.run;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.kernel.SimulatedProcess;
import ticketing.simulation.loader.Mutant;
import ticketing.simulation.loader.RunReport;
import ticketing.simulation.loader.SeedRunner;
import ticketing.simulation.plan.Plan;
import ticketing.simulation.process.Servers;
import ticketing.simulation.process.WorkerProcess;
import ticketing.status.StatusEntry;

/// Runs the plan of one seed: two workers and two ingress processes on the simulated servers. After
/// the faults it continues until the system is settled, then the oracle checks the guarantees.
public final class Simulation implements SeedRunner {

  private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(600); // a chain of offers
  private static final long MAX_PUBLICATION_NANOS = TimeUnit.SECONDS.toNanos(15);
  private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

  @Override
  public RunReport run(long seed, Set<Integer> omitted, boolean keepLog, @Nullable Mutant mutant) {
    Plan plan = Plan.of(seed, omitted);
    Kernel kernel = new Kernel(seed, keepLog);
    List<String> violations = new ArrayList<>();
    Mutant.active = mutant == null ? -1 : mutant.ordinal();
    try {
      violations.addAll(run(plan, kernel));
    } catch (IllegalStateException | IllegalArgumentException | UnsupportedOperationException e) {
      // The simulation has no end, or the production code uses a call or SQL that it lacks.
      violations.add("simulation failed: " + e);
    } finally {
      Mutant.active = -1;
    }
    return new RunReport(
        seed,
        violations,
        kernel.log().hash(),
        kernel.log().text(),
        plan.elements().size(),
        plan.describe());
  }

  private static List<String> run(Plan plan, Kernel kernel) {
    Servers servers = new Servers(kernel);
    Venue.insert(servers.database, plan);
    Fleet fleet = new Fleet(servers, plan.maxConcurrentBatches());
    Clients clients = new Clients(fleet, plan);
    Oracle oracle = new Oracle(plan, servers, clients);
    plan.faults().forEach(fault -> FaultInjector.schedule(fault, fleet));
    boolean[] settled = new boolean[1];
    long lastFault =
        TimeUnit.MILLISECONDS.toNanos(
                Plan.START_MILLIS
                    + plan.faults()
                        .mapToLong(fault -> fault.atMillis() + fault.forMillis())
                        .max()
                        .orElse(0))
            + (plan.isRedriven() ? 2 * Redrive.MAX_NANOS : 0);
    checkSettled(kernel, oracle, settled, lastFault);
    kernel.run(() -> settled[0], MAX_NANOS);
    Map<UUID, StatusEntry> entries = new HashMap<>();
    List<String> unexplained = new ArrayList<>();
    boolean[] read = new boolean[1];
    SimulatedProcess reader = new SimulatedProcess(kernel, "reader");
    afterPublications(
        kernel,
        oracle,
        MAX_PUBLICATION_NANOS,
        () ->
            reader.start(
                "read",
                () -> {
                  entries.putAll(
                      WorkerProcess.statusStore(servers, reader)
                          .findAll(
                              clients.requests().stream()
                                  .map(request -> request.ticketId)
                                  .toList()));
                  unexplained.addAll(Audit.findUnexplained(servers, reader, plan.events().size()));
                  read[0] = true;
                }));
    kernel.run(() -> read[0], MAX_NANOS + TimeUnit.SECONDS.toNanos(60));
    List<String> violations = oracle.check(entries);
    violations.addAll(unexplained);
    kernel.failures().forEach(failure -> violations.add("thread ended: " + Clients.trace(failure)));
    if (!read[0]) {
      violations.add("cannot read the status store");
    }
    return violations;
  }

  /// Runs a task when no entry of the status store is pending. A publication of the last decision
  /// may be in progress.
  private static void afterPublications(
      Kernel kernel, Oracle oracle, long maxNanos, Runnable task) {
    kernel.schedule(
        CHECK_NANOS,
        () -> {
          if (maxNanos > 0 && oracle.findsPendingEntry()) {
            afterPublications(kernel, oracle, maxNanos - CHECK_NANOS, task);
          } else {
            task.run();
          }
        });
  }

  private static void checkSettled(
      Kernel kernel, Oracle oracle, boolean[] settled, long notBefore) {
    kernel.schedule(
        CHECK_NANOS,
        () -> {
          settled[0] = kernel.now() >= notBefore && oracle.isSettled();
          if (!settled[0]) {
            checkSettled(kernel, oracle, settled, notBefore);
          }
        });
  }
}
