package ticketing.ingress.poster;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// Storage of the images of posters. Objects are never changed.
interface PosterStore extends AutoCloseable {

  /// The store did not answer, or it refused the operation.
  final class UnavailableException extends RuntimeException {

    UnavailableException(Throwable cause) {
      super(cause);
    }
  }

  /// @param path path below the folder or bucket of the store
  record StoredObject(String path, Instant storedAt) {}

  /// Returns after the image is stored durably.
  ///
  /// @throws UnavailableException the image may be stored
  void put(PosterKey key, byte[] image);

  /// @throws UnavailableException if the store is unavailable
  Optional<byte[]> find(PosterKey key);

  /// Idempotent.
  ///
  /// @throws UnavailableException the image may be deleted
  void delete(PosterKey key);

  /// Lists objects in the order of their paths.
  ///
  /// @param after the list begins with the first path behind this one; empty: the first path
  /// @param max 1 to 1,000
  /// @throws UnavailableException if the store is unavailable
  List<StoredObject> list(String after, int max);

  @Override
  void close();
}
