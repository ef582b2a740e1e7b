package ticketing.notifier.ingress;

import java.time.Duration;
import java.util.UUID;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.notifier.background.BackgroundThreads;
import ticketing.notifier.ingress.IngressClient.Lookup;
import ticketing.notifier.ingress.IngressClient.RevokedTokenPage;
import ticketing.security.RevocationSettings;
import ticketing.security.RevokedTokens;

/// Reads revoked access tokens from ingress-api: all of them at the start and after a gap, else the
/// new ones. So a revocation is known within the poll interval, also without Redis. Until the first
/// read succeeds, tokens count as not revoked; connections of revoked ones are closed after it.
@Component
final class RevokedTokenPoller implements SmartLifecycle {

  /// Instances of ingress-api know a revocation at different times.
  private static final Duration OVERLAP = Duration.ofSeconds(10);

  private static final Duration MAX_WINDOW = Duration.ofMinutes(50);
  private static final Duration MIN_SNAPSHOT_INTERVAL = Duration.ofSeconds(2);
  private static final Duration CLEANUP_INTERVAL = Duration.ofMinutes(10);
  private static final int MAX_PAGES = 1_000;

  private final IngressClient ingress;
  private final RevokedTokens revokedTokens;
  private final RevocationSettings settings;
  private BackgroundThreads background;

  private boolean snapshotRequired = true;
  private long readAt; // System.nanoTime of the start of the last complete read

  RevokedTokenPoller(
      IngressClient ingress, RevokedTokens revokedTokens, RevocationSettings settings) {
    this.ingress = ingress;
    this.revokedTokens = revokedTokens;
    this.settings = settings;
  }

  private void poll() throws InterruptedException {
    long start = System.nanoTime();
    Duration window = Duration.ofNanos(start - readAt).plus(OVERLAP);
    boolean snapshot = snapshotRequired || window.compareTo(MAX_WINDOW) > 0;
    if (snapshot ? readAll() : readRecent(window)) {
      readAt = start;
    }
    boolean delayed = snapshot && MIN_SNAPSHOT_INTERVAL.compareTo(settings.pollInterval()) > 0;
    Thread.sleep(delayed && snapshotRequired ? MIN_SNAPSHOT_INTERVAL : settings.pollInterval());
  }

  private boolean readRecent(Duration window) {
    return switch (ingress.findRevokedTokens(window.toSeconds() + 1)) {
      case Lookup.Found<RevokedTokenPage>(RevokedTokenPage page) -> {
        revokedTokens.add(page.content());
        snapshotRequired = !page.complete();
        yield page.complete();
      }
      case Lookup.NotFound<RevokedTokenPage> _, Lookup.Failed<RevokedTokenPage> _ -> false;
    };
  }

  /// @return true if all pages were read
  private boolean readAll() {
    UUID last = null;
    for (int i = 0; i < MAX_PAGES; i++) {
      if (!(ingress.findRevokedTokensAfter(last)
          instanceof Lookup.Found<RevokedTokenPage>(RevokedTokenPage page))) {
        return false;
      }
      revokedTokens.addEarlier(page.content());
      if (page.complete() || page.content().isEmpty()) {
        snapshotRequired = false;
        return true;
      }
      last = page.content().getLast().id();
    }
    return false;
  }

  private void removeExpired() throws InterruptedException {
    Thread.sleep(CLEANUP_INTERVAL);
    revokedTokens.removeExpired();
  }

  @Override
  public void start() {
    revokedTokens.subscribe();
    background = new BackgroundThreads();
    background.repeat("revoked-tokens", this::poll);
    background.repeat("expired-revocations", this::removeExpired);
  }

  @Override
  public void stop() {
    background.close();
    background = null;
  }

  @Override
  public boolean isRunning() {
    return background != null;
  }

  /// Starts ahead of the web server.
  @Override
  public int getPhase() {
    return 0;
  }
}
