package ticketing.simulation.kernel;

import java.util.function.LongSupplier;

/// Lines of one simulation. The same seed gives the same lines.
public final class EventLog {

  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private final LongSupplier now;
  private final boolean keep;
  private final StringBuilder text = new StringBuilder();
  private long hash = FNV_OFFSET;

  EventLog(LongSupplier now, boolean keep) {
    this.now = now;
    this.keep = keep;
  }

  /// @param actor process or server
  public void add(String actor, String line) {
    long micros = now.getAsLong() / 1_000;
    mix(micros);
    mix(actor);
    mix(line);
    if (keep) {
      text.append(micros).append("us ").append(actor).append(' ').append(line).append('\n');
    }
  }

  private void mix(String value) {
    for (int i = 0; i < value.length(); i++) {
      hash = (hash ^ value.charAt(i)) * FNV_PRIME;
    }
  }

  private void mix(long value) {
    hash = (hash ^ value) * FNV_PRIME;
  }

  /// Hash of all lines (FNV-1a, 64 bit).
  public long hash() {
    return hash;
  }

  /// All lines; empty if they are not kept.
  public String text() {
    return text.toString();
  }
}
