package ticketing.simulation.contract;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.kernel.SimulatedProcess;
import ticketing.simulation.kernel.SimulatedRuntime;

/// Time and threads of one run of a contract.
interface Environment {

  void sleep(long millis) throws InterruptedException;

  /// Starts work on another thread.
  void fork(Runnable work);

  /// Runs a contract and returns its observations.
  List<String> run(Contract contract) throws Exception;

  /// Operations on a server, as a list of observed results.
  interface Contract {
    List<String> observe(Environment environment) throws Exception;
  }

  /// Real time.
  final class Real implements Environment {
    @Override
    public void sleep(long millis) throws InterruptedException {
      Thread.sleep(millis);
    }

    @Override
    public void fork(Runnable work) {
      Thread.ofVirtual().start(work);
    }

    @Override
    public List<String> run(Contract contract) throws Exception {
      return contract.observe(this);
    }
  }

  /// Simulated time.
  final class Simulated implements Environment {
    private static final Duration MAX_CONTENTION = Duration.ofSeconds(30);

    final Kernel kernel = new Kernel(1, false);
    final SimulatedProcess process = new SimulatedProcess(kernel, "contract");

    @Override
    public void sleep(long millis) throws InterruptedException {
      SimulatedRuntime.sleep(millis);
    }

    @Override
    public void fork(Runnable work) {
      process.start("fork", work);
    }

    @Override
    public List<String> run(Contract contract) throws Exception {
      List<String> observed = new ArrayList<>();
      Callable<List<String>> work = () -> contract.observe(this);
      List<Exception> failures = new ArrayList<>();
      boolean[] done = new boolean[1];
      process.start(
          "contract",
          () -> {
            try {
              observed.addAll(work.call());
            } catch (Exception e) {
              failures.add(e);
            }
            done[0] = true;
          });
      long end = System.nanoTime() + MAX_CONTENTION.toNanos();
      kernel.run(() -> done[0], TimeUnit.HOURS.toNanos(1));
      // A lock of the JDK that a real client holds blocks the simulated thread.
      while (!done[0] && System.nanoTime() - end < 0) {
        Thread.sleep(1);
        kernel.run(() -> done[0], TimeUnit.HOURS.toNanos(1));
      }
      if (!failures.isEmpty()) {
        throw failures.getFirst();
      }
      if (!done[0]) {
        throw new IllegalStateException("not finished, failures=" + kernel.failures());
      }
      return observed;
    }
  }
}
