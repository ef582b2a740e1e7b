package ticketing.local;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.ServerException;

/// The built jar of an application, unpacked, because a jar of jars starts seconds later.
final class BootJar {

  private static final String VERSION = "1.0.0";
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private BootJar() {}

  static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /// Unpacks again only when the jar has changed since.
  ///
  /// @return the jar to start
  /// @throws ServerException if the module has not been built
  static Path unpacked(Path checkout, String module) {
    String name = module + "-" + VERSION + ".jar";
    Path target = checkout.resolve(module).resolve("target");
    Path jar = target.resolve(name);
    Path folder = target.resolve("unpacked");
    try {
      if (!Files.exists(jar)) {
        throw new ServerException(jar + " is missing: build it with `mvn package`");
      }
      // Not its time: a reproducible build gives every jar the same one.
      String sum = Long.toHexString(checksum(jar));
      Path stamp = folder.resolve("unpacked-from");
      if (Files.exists(stamp) && Files.readString(stamp).equals(sum)) {
        return folder.resolve(name);
      }
      delete(folder);
      ManagedProcess unpacking =
          ManagedProcess.start(
              "unpacking of " + name,
              List.of(
                  java().toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-Djarmode=tools",
                  "-jar",
                  jar.toString(),
                  "extract",
                  "--destination",
                  folder.toString()),
              Map.of(),
              target,
              target.resolve("unpacking.log"));
      if (unpacking.awaitExit(TIMEOUT) != 0) {
        throw new ServerException(
            "cannot unpack " + jar + ": " + String.join("\n", unpacking.lastLines()));
      }
      // Last: a folder without it is half done.
      Files.writeString(stamp, sum);
      return folder.resolve(name);
    } catch (IOException e) {
      throw new ServerException("cannot unpack " + jar + ": " + e.getMessage(), e);
    }
  }

  private static long checksum(Path jar) throws IOException {
    try (var content = new CheckedInputStream(Files.newInputStream(jar), new CRC32())) {
      content.transferTo(OutputStream.nullOutputStream());
      return content.getChecksum().getValue();
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
