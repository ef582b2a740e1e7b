package ticketing.local.servers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/// Server programs unpacked from their jars or packages, in `target/servers` of the [ProjectRoot]
/// or in the folder of the system property `ticketing.binaries`. A file lock excludes other JVMs.
final class Binaries {

  @FunctionalInterface
  interface Maker {
    void make(Path folder) throws IOException;
  }

  private Binaries() {}

  /// Returns the folder of this name. A missing one is made under a temporary name and then moved.
  static Path folder(String name, Maker maker) {
    Path home = home();
    Path folder = home.resolve(name);
    try {
      synchronized (Binaries.class) {
        Files.createDirectories(home);
        try (FileChannel channel =
                FileChannel.open(
                    home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock _ = channel.lock()) {
          if (!Files.exists(folder)) {
            Path unfinished = home.resolve(name + ".unfinished");
            delete(unfinished);
            Files.createDirectories(unfinished);
            maker.make(unfinished);
            Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
          }
          return folder;
        }
      }
    } catch (IOException e) {
      throw new ServerException("cannot unpack " + name + " to " + home + ": " + reason(e), e);
    }
  }

  /// Copies all entries of the class path below `prefix`.
  static void unpack(String prefix, Path folder) throws IOException {
    URL url = Binaries.class.getClassLoader().getResource(prefix + "/");
    if (url == null || !(url.openConnection() instanceof JarURLConnection connection)) {
      throw new IOException("there are no binaries for this system (" + prefix + ")");
    }
    connection.setUseCaches(false);
    try (JarFile jar = connection.getJarFile()) {
      for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
        JarEntry entry = entries.nextElement();
        if (!entry.getName().startsWith(prefix + "/") || entry.isDirectory()) {
          continue;
        }
        Path file = folder.resolve(entry.getName().substring(prefix.length() + 1)).normalize();
        if (!file.startsWith(folder)) {
          throw new IOException("entry outside of its folder: " + entry.getName());
        }
        Files.createDirectories(file.getParent());
        try (InputStream content = jar.getInputStream(entry)) {
          Files.copy(content, file);
        }
      }
    }
  }

  /// Runs a command of an installation and appends its output to a log.
  ///
  /// @throws IOException if it fails or takes longer than the timeout; then it is killed
  static void run(String step, ProcessBuilder builder, Path log, Duration timeout)
      throws IOException {
    Process process =
        builder
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    try {
      if (!process.waitFor(timeout.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(step + " took longer than " + timeout.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during " + step, e);
    }
    if (process.exitValue() != 0) {
      throw new IOException(
          "%s failed with exit code %d, see %s:\n%s"
              .formatted(step, process.exitValue(), log, Files.readString(log)));
    }
  }

  static void makeExecutable(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (!file.toFile().setExecutable(true)) {
          throw new IOException("cannot make executable: " + file);
        }
      }
    }
  }

  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(file -> {
            try {
              Files.delete(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /// Returns the reason as text, because the message of a file exception is often only the path.
  static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> "no permission for " + denied.getFile();
      case FileAlreadyExistsException exists -> exists.getFile() + " exists and is not a folder";
      default -> e.getMessage();
    };
  }

  private static Path home() {
    String configured = System.getProperty("ticketing.binaries");
    if (configured != null) {
      return Path.of(configured).toAbsolutePath();
    }
    return ProjectRoot.root().resolve("target").resolve("servers");
  }
}
