package ticketing.local;

/// AOT caches of all applications. The tests start so many of them that making caches pays.
final class Caches {

  private static boolean made;

  private Caches() {}

  /// The first time; whoever comes meanwhile waits.
  static synchronized void make() {
    if (made) {
      return;
    }
    try {
      LocalSystem.makeCaches();
      made = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
