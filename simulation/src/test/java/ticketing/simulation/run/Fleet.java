package ticketing.simulation.run;

import java.util.concurrent.TimeUnit;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.kernel.SimulatedProcess;
import ticketing.simulation.process.IngressProcess;
import ticketing.simulation.process.Servers;
import ticketing.simulation.process.WorkerProcess;

/// Two workers and two ingress processes. A crashed process starts again after a time.
final class Fleet {

  private final Servers servers;
  private final int maxConcurrentBatches;
  private final WorkerProcess[] workers = new WorkerProcess[2];
  private final IngressProcess[] ingresses = new IngressProcess[2];
  private final boolean[] ending = new boolean[2]; // workers
  private int generation;

  /// @param maxConcurrentBatches batches that a worker decides concurrently
  Fleet(Servers servers, int maxConcurrentBatches) {
    this.servers = servers;
    this.maxConcurrentBatches = maxConcurrentBatches;
    for (int i = 0; i < 2; i++) {
      startWorker(i);
      startIngress(i);
    }
  }

  Servers servers() {
    return servers;
  }

  Kernel kernel() {
    return servers.kernel;
  }

  SimulatedProcess worker(int number) {
    return workers[number].process();
  }

  IngressProcess ingress(int number) {
    return ingresses[number];
  }

  private SimulatedProcess process(String kind, int number) {
    return new SimulatedProcess(servers.kernel, kind + number + "." + generation++);
  }

  private void startWorker(int number) {
    workers[number] = WorkerProcess.start(servers, process("worker", number), maxConcurrentBatches);
  }

  private void startIngress(int number) {
    ingresses[number] = IngressProcess.start(servers, process("ingress", number));
  }

  void crashWorker(int number, long restartMillis) {
    if (worker(number).isAlive()) {
      restartAfter(number, restartMillis);
      worker(number).crash();
    }
  }

  void stopWorker(int number, long restartMillis) {
    if (worker(number).isAlive()) {
      restartAfter(number, restartMillis);
      workers[number].stop();
    }
  }

  /// A crash may end a worker that is stopping.
  private void restartAfter(int number, long restartMillis) {
    if (!ending[number]) {
      ending[number] = true;
      worker(number)
          .onExit(() ->
              kernel()
                  .schedule(
                      TimeUnit.MILLISECONDS.toNanos(restartMillis),
                      () -> {
                        ending[number] = false;
                        startWorker(number);
                      }));
    }
  }

  void crashIngress(int number, long restartMillis) {
    if (ingresses[number].process().isAlive()) {
      ingresses[number].process().crash();
      kernel().schedule(TimeUnit.MILLISECONDS.toNanos(restartMillis), () -> startIngress(number));
    }
  }
}
