package ticketing.ingress.poster;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

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

  /// Reads the names of all files. A file that is deleted meanwhile is absent.
  @Override
  public List<StoredObject> list(String after, int max) {
    Path posters = folder.resolve(PosterKey.PREFIX);
    if (!Files.exists(posters)) {
      return List.of();
    }
    NavigableMap<String, Instant> found = new TreeMap<>();
    try {
      Files.walkFileTree(
          posters,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              String path = folder.relativize(file).toString().replace('\\', '/');
              if (path.compareTo(after) > 0) {
                found.put(path, attributes.lastModifiedTime().toInstant());
                if (found.size() > max) {
                  found.pollLastEntry();
                }
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure)
                throws IOException {
              if (failure instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
              }
              throw failure;
            }
          });
    } catch (IOException e) {
      throw new UnavailableException(e);
    }
    return found.entrySet().stream()
        .map(file -> new StoredObject(file.getKey(), file.getValue()))
        .toList();
  }

  private Path file(PosterKey key) {
    return folder.resolve(key.path());
  }

  @Override
  public void close() {}
}
