package ticketing.ingress.poster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/// Stores images in a local folder, which all instances of one machine can share.
final class FolderPosterStore implements PosterStore {

  private final Path folder;

  FolderPosterStore(Path folder) {
    this.folder = folder;
  }

  /// The move is atomic: a reader gets no incomplete image.
  @Override
  public void put(PosterKey key, byte[] image) {
    Path file = file(key);
    try {
      Files.createDirectories(file.getParent());
      Path incomplete = Files.createTempFile(file.getParent(), key.revision(), ".tmp");
      try {
        Files.write(incomplete, image);
        Files.move(incomplete, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(incomplete);
      }
    } catch (IOException e) {
      throw new UnavailableException(e);
    }
  }

  @Override
  public Optional<byte[]> find(PosterKey key) {
    try {
      return Optional.of(Files.readAllBytes(file(key)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UnavailableException(e);
    }
  }

  @Override
  public void delete(PosterKey key) {
    try {
      Files.deleteIfExists(file(key));
    } catch (IOException e) {
      throw new UnavailableException(e);
    }
  }

  private Path file(PosterKey key) {
    return folder.resolve(key.path());
  }

  @Override
  public void close() {}
}
