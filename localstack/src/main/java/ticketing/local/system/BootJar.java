package ticketing.local.system;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.springframework.util.FileSystemUtils;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.ServerException;

/// Unpacked application jars, which start seconds earlier than executable jars.
public final class BootJar {

  private static final String VERSION = "1.0.0";
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private BootJar() {}

  /// Path of the `java` program that runs this JVM.
  public static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /// Unpacks the jar of a module if it has changed. A file lock excludes other JVMs.
  ///
  /// @return jar to start
  /// @throws ServerException if the module is not built
  static synchronized Path unpacked(Path projectRoot, String module) {
    Path jar = built(projectRoot, module);
    String name = jar.getFileName().toString();
    Path folder = jar.resolveSibling("unpacked");
    requireBuilt(jar);
    try (FileChannel channel =
            FileChannel.open(
                jar.resolveSibling("unpacking.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      // A checksum, because reproducible builds have a fixed file time.
      String sum = Long.toHexString(checksum(jar));
      Path stamp = folder.resolve("unpacked-from");
      if (Files.exists(stamp) && Files.readString(stamp).equals(sum)) {
        return folder.resolve(name);
      }
      unpack(jar, folder);
      // Written last, so that an incomplete folder has no stamp.
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

  private static Path built(Path projectRoot, String module) {
    return projectRoot.resolve(module).resolve("target").resolve(module + "-" + VERSION + ".jar");
  }

  private static void requireBuilt(Path jar) {
    if (!Files.exists(jar)) {
      throw new ServerException(jar + " is missing: build it with `mvn package`");
    }
  }

  /// Unpacks the jar of a module and replaces the folder.
  ///
  /// @throws ServerException if the module is not built
  public static void unpack(Path projectRoot, String module, Path folder) throws IOException {
    Path jar = built(projectRoot, module);
    requireBuilt(jar);
    unpack(jar, folder);
  }

  private static void unpack(Path jar, Path folder) throws IOException {
    FileSystemUtils.deleteRecursively(folder);
    ManagedProcess unpacking =
        ManagedProcess.start(
            "unpacking of " + jar.getFileName(),
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
            jar.getParent(),
            jar.resolveSibling("unpacking.log"));
    if (unpacking.awaitExit(TIMEOUT) != 0) {
      throw new ServerException(
          "cannot unpack " + jar + ": " + String.join("\n", unpacking.lastLines()));
    }
  }
}
