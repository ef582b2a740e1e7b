package ticketing.local;

import java.util.List;
import java.util.stream.Stream;
import ticketing.local.servers.Checkout;

/// AOT caches of all applications. The tests start so many of them that making caches pays.
final class Caches {

  private static boolean made;

  private Caches() {}

  /// Side by side, the first time; whoever comes meanwhile waits.
  static synchronized void make() {
    if (made) {
      return;
    }
    List<AotCache.Making> makings =
        Stream.of("ingress-api", "booking-worker", "notifier")
            .map(module -> AotCache.make(List.of(BootJar.unpacked(Checkout.root(), module))))
            .toList();
    try {
      for (AotCache.Making making : makings) {
        making.await();
      }
      made = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      makings.forEach(AotCache.Making::close);
    }
  }
}
