package ticketing.ingress.poster;

import java.util.Optional;

/// Storage of the images of posters. Objects are never changed.
interface PosterStore extends AutoCloseable {

  /// The store did not answer, or it refused the operation.
  final class UnavailableException extends RuntimeException {

    UnavailableException(Throwable cause) {
      super(cause);
    }
  }

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

  @Override
  void close();
}
