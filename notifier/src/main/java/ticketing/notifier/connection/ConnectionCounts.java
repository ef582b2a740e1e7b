package ticketing.notifier.connection;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import ticketing.notifier.handshake.AuthenticatedUser;

/// Open connections of each user and of each client address, and of clients without a token. Each
/// instance counts its own connections.
final class ConnectionCounts {

  private final int maxPerUser;
  private final int maxPerAddress;
  private final int maxAnonymous;
  private final ConcurrentHashMap<String, Integer> users = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Integer> addresses = new ConcurrentHashMap<>();
  private final AtomicInteger anonymous = new AtomicInteger();

  ConnectionCounts(ConnectionSettings settings) {
    this.maxPerUser = settings.maxPerUser();
    this.maxPerAddress = settings.maxPerAddress();
    this.maxAnonymous = settings.maxAnonymous();
  }

  /// True if the limits admit one more connection.
  boolean admits(AuthenticatedUser user, String address) {
    return addresses.getOrDefault(address, 0) < maxPerAddress
        && (user.isAnonymous()
            ? anonymous.get() < maxAnonymous
            : users.getOrDefault(user.userId(), 0) < maxPerUser);
  }

  /// Counts a connection.
  ///
  /// @return false if it exceeds a limit; it is counted then too
  boolean add(AuthenticatedUser user, String address) {
    boolean addressAdmits = increment(addresses, address) <= maxPerAddress;
    boolean userAdmits =
        user.isAnonymous()
            ? anonymous.incrementAndGet() <= maxAnonymous
            : increment(users, user.userId()) <= maxPerUser;
    return addressAdmits && userAdmits;
  }

  void remove(AuthenticatedUser user, String address) {
    decrement(addresses, address);
    if (user.isAnonymous()) {
      anonymous.decrementAndGet();
    } else {
      decrement(users, user.userId());
    }
  }

  private static int increment(ConcurrentHashMap<String, Integer> counts, String key) {
    return counts.merge(key, 1, Integer::sum);
  }

  private static void decrement(ConcurrentHashMap<String, Integer> counts, String key) {
    counts.computeIfPresent(key, (known, count) -> count == 1 ? null : count - 1);
  }
}
