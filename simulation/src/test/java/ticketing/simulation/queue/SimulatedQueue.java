package ticketing.simulation.queue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import ticketing.simulation.kernel.Kernel;

/// State of one standard queue: messages in no order, visibility timeouts and receive counts. A
/// message that exceeds its receives moves to the dead-letter queue.
public final class SimulatedQueue {

  private static final double LATE_COPY = 0.5;
  private static final long MAX_LATENESS = TimeUnit.SECONDS.toNanos(12);
  private static final long MAX_DELAY = TimeUnit.SECONDS.toNanos(6); // of a backlog
  private static final long EARLY_DELIVERY_INTERVAL = TimeUnit.MILLISECONDS.toNanos(50);

  private final Kernel kernel;
  private final String name;
  private final QueueFaults faults;
  private final int visibilitySeconds;
  private final int maxReceives;
  private final @Nullable SimulatedQueue deadLetters;
  private final Map<String, Entry> messages = new LinkedHashMap<>();
  private final Map<String, Entry> receipts = new HashMap<>();
  private final List<Runnable> receivers = new ArrayList<>();
  private final Set<String> forced = new HashSet<>(); // bodies
  private long numbers;

  /// @param deadLetters null: none
  public SimulatedQueue(
      Kernel kernel,
      String name,
      QueueFaults faults,
      int visibilitySeconds,
      int maxReceives,
      @Nullable SimulatedQueue deadLetters) {
    this.kernel = kernel;
    this.name = name;
    this.faults = faults;
    this.visibilitySeconds = visibilitySeconds;
    this.maxReceives = maxReceives;
    this.deadLetters = deadLetters;
  }

  /// Stored message.
  public static final class Entry {
    final String id;
    final String body;
    final @Nullable String group;
    final long sentAt;
    final List<String> handles = new ArrayList<>();
    long visibleAt;
    int receives;

    Entry(String id, String body, @Nullable String group, long sentAt) {
      this.id = id;
      this.body = body;
      this.group = group;
      this.sentAt = sentAt;
    }

    public String id() {
      return id;
    }

    public String body() {
      return body;
    }
  }

  record Received(Entry entry, String handle) {}

  int visibilitySeconds() {
    return visibilitySeconds;
  }

  public List<Entry> messages() {
    return List.copyOf(messages.values());
  }

  public int size() {
    return messages.size();
  }

  String send(String body, @Nullable String group) {
    if (deadLetters != null && kernel.chance(faults.deadLetter)) {
      Entry dead = deadLetters.entry(body, group);
      deadLetters.forced.add(body);
      if (kernel.chance(LATE_COPY)) {
        entry(body, group).visibleAt = kernel.now() + kernel.random().nextLong(MAX_LATENESS);
        wakeReceivers();
      }
      return dead.id;
    }
    String id = store(body, group);
    if (kernel.chance(faults.duplicate)) {
      store(body, group);
    }
    return id;
  }

  /// Stores a message that no process can read.
  public void storeUnreadable() {
    String body = "unreadable" + numbers;
    deadLetters.forced.add(body);
    store(body, "1");
  }

  private String store(String body, @Nullable String group) {
    Entry entry = entry(body, group);
    entry.visibleAt =
        kernel.chance(faults.delay)
            ? kernel.now() + kernel.random().nextLong(MAX_DELAY)
            : kernel.now();
    wakeReceivers();
    return entry.id;
  }

  private Entry entry(String body, @Nullable String group) {
    Entry entry = new Entry(name + "-" + numbers++, body, group, kernel.now());
    entry.visibleAt = kernel.now();
    messages.put(entry.id, entry);
    return entry;
  }

  /// Copies the visible messages to another queue, then deletes them, as a redrive does.
  ///
  /// @return bodies of the messages
  public List<String> moveVisible(SimulatedQueue target) {
    List<Entry> visible =
        messages.values().stream().filter(entry -> entry.visibleAt <= kernel.now()).toList();
    for (Entry entry : visible) {
      target.store(entry.body, entry.group);
      remove(entry);
    }
    return visible.stream().map(Entry::body).toList();
  }

  /// Returns true if a fault put the message into this queue.
  public boolean isForced(Entry entry) {
    return forced.contains(entry.body);
  }

  List<Received> receive(int max, int timeoutSeconds) {
    List<Entry> visible = new ArrayList<>();
    for (Entry entry : messages.values()) {
      if (entry.visibleAt <= kernel.now()
          || entry.receives < 2 && kernel.chance(faults.earlyDelivery)) {
        visible.add(entry);
      }
    }
    List<Received> received = new ArrayList<>();
    while (received.size() < max && !visible.isEmpty()) {
      Entry entry = visible.remove(kernel.random().nextInt(visible.size()));
      if (deadLetters != null && entry.receives >= maxReceives) {
        remove(entry);
        deadLetters.messages.put(entry.id, entry);
        entry.visibleAt = kernel.now();
        continue;
      }
      entry.receives++;
      entry.visibleAt = kernel.now() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
      String handle = entry.id + "#" + numbers++;
      entry.handles.add(handle);
      receipts.put(handle, entry);
      received.add(new Received(entry, handle));
    }
    return received;
  }

  /// Deletes the message of a receipt, also if it has a newer receipt.
  void delete(String handle) {
    Entry entry = receipts.get(handle);
    if (entry != null) {
      remove(entry);
    }
  }

  private void remove(Entry entry) {
    messages.remove(entry.id);
    entry.handles.forEach(receipts::remove);
    entry.handles.clear();
  }

  /// @return false if the message is deleted or visible
  boolean changeVisibility(String handle, int seconds) {
    Entry entry = receipts.get(handle);
    if (entry == null || entry.visibleAt <= kernel.now()) {
      return false;
    }
    entry.visibleAt = kernel.now() + TimeUnit.SECONDS.toNanos(seconds);
    wakeReceivers();
    return true;
  }

  /// Runs a task once when a message may be visible, at the latest at a time.
  void awaitVisible(long end, Runnable task) {
    boolean[] run = new boolean[1];
    Runnable once =
        () -> {
          if (!run[0]) {
            run[0] = true;
            task.run();
          }
        };
    long next = messages.values().stream().mapToLong(entry -> entry.visibleAt).min().orElse(end);
    long early = faults.earlyDelivery > 0 ? kernel.now() + EARLY_DELIVERY_INTERVAL : Long.MAX_VALUE;
    kernel.schedule(Math.max(1, Math.min(early, Math.min(end, next)) - kernel.now()), once);
    receivers.add(once);
  }

  private void wakeReceivers() {
    receivers.forEach(receiver -> kernel.schedule(0, receiver));
    receivers.clear();
  }

  long count(boolean visible) {
    return messages.values().stream()
        .filter(entry -> entry.visibleAt <= kernel.now() == visible)
        .count();
  }
}
