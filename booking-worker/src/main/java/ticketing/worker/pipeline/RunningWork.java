package ticketing.worker.pipeline;

import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Calls in progress, for the detection of stuck ones. Safe for use by several threads.
final class RunningWork {

  /// Call in progress. It ends when it is closed.
  final class Call implements AutoCloseable {
    private final String description;
    private final long startedAt = System.nanoTime();

    private Call(String description) {
      this.description = description;
    }

    private Duration age() {
      return Duration.ofNanos(System.nanoTime() - startedAt);
    }

    @Override
    public void close() {
      calls.remove(this);
    }
  }

  private final Map<Call, Boolean> calls = new ConcurrentHashMap<>();

  /// @param description call and its event, such as `batch, event=1`
  Call begin(String description) {
    Call call = new Call(description);
    calls.put(call, true);
    return call;
  }

  /// Returns the description of the oldest call that is older than the bound.
  Optional<String> findOlderThan(Duration bound) {
    return calls.keySet().stream()
        .filter(call -> call.age().compareTo(bound) > 0)
        .max(Comparator.comparing(Call::age))
        .map(call -> call.description + " duration=" + call.age().toSeconds() + "s");
  }
}
