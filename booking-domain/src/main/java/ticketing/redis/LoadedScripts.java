package ticketing.redis;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Digests of the scripts that the Redis server has loaded, as far as this process knows. A script
/// that ran once is known to the server by its digest until its restart. Safe for use by several
/// threads.
final class LoadedScripts {

  private final boolean singleServer;
  private final Map<String, String> digests = new ConcurrentHashMap<>(); // by text

  /// @param singleServer false: no script counts as loaded, because each server of a cluster has
  ///   its own scripts
  LoadedScripts(boolean singleServer) {
    this.singleServer = singleServer;
  }

  /// Returns the digest of a loaded script.
  Optional<String> findDigest(String script) {
    return Optional.ofNullable(digests.get(script));
  }

  /// Records that a script ran.
  void add(String script) {
    if (singleServer) {
      digests.computeIfAbsent(script, LoadedScripts::sha1);
    }
  }

  /// Forgets all scripts after the server did not know one.
  void clear() {
    digests.clear();
  }

  private static String sha1(String script) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-1").digest(script.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
