package ticketing.local.servers;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/// Servers of Debian that replace embedded ones, for Linux on x86-64. The first use downloads their
/// packages and unpacks them in `target/servers`, without an installation.
///
/// A program runs with the loader and the libraries of its own release of Debian, so it does not
/// depend on those of the machine. The resource `debian/<server>.txt` has the packages and their
/// SHA-256.
enum DebianServer {
  MYSQL("usr/sbin/mysqld", "usr/share/mysql/", "usr/lib/mysql/plugin/"),
  VALKEY("usr/bin/valkey-server", "usr/bin/valkey-check-rdb");

  private static final String LIBRARIES = "usr/lib/x86_64-linux-gnu/";
  private static final String LOADER = LIBRARIES + "ld-linux-x86-64.so.2";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration DOWNLOAD_TIMEOUT = Duration.ofMinutes(2);
  private static final int MAX_PACKAGE_SIZE = 64 << 20; // bytes

  private final String program;
  private final List<String> files;

  /// @param program path of the program in its package
  /// @param files prefixes of other files that it needs, in addition to the libraries
  DebianServer(String program, String... files) {
    this.program = program;
    this.files = List.of(files);
  }

  /// True if `ticketing.test.servers` contains this server.
  boolean isSelected() {
    return ExternalServers.isSelected(id());
  }

  /// Folder of the unpacked packages.
  ///
  /// @throws ServerException on another system, and if a package cannot be downloaded
  Path folder() {
    requireSystem(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    byte[] packages = packages();
    CRC32 checksum = new CRC32();
    checksum.update(packages);
    checksum.update(files.toString().getBytes(StandardCharsets.US_ASCII));
    return Binaries.folder(
        "%s-%08x".formatted(id(), checksum.getValue()),
        folder -> install(new String(packages, StandardCharsets.US_ASCII), folder));
  }

  /// Command of the program, without arguments.
  List<String> command() {
    Path folder = folder();
    return List.of(
        folder.resolve(LOADER).toString(),
        "--library-path",
        folder.resolve(LIBRARIES).toString(),
        folder.resolve(program).toString());
  }

  void requireSystem(String system, String architecture) {
    if (!system.equals("Linux") || !architecture.equals("amd64")) {
      throw new ServerException(
          "%s of Debian runs only on Linux on x86-64, not on %s on %s"
              .formatted(id(), system, architecture));
    }
  }

  /// Downloads and unpacks packages.
  ///
  /// @param packages lines with the address of a mirror, or with the SHA-256 and the path of a
  ///   package
  /// @throws IOException if no mirror has a package with its SHA-256
  void install(String packages, Path folder) throws IOException {
    List<String> lines = packages.lines().filter(line -> !line.startsWith("#")).toList();
    List<String> mirrors = lines.stream().filter(line -> line.startsWith("http")).toList();
    try (HttpClient client =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(CONNECT_TIMEOUT)
            .build()) {
      for (String line : lines) {
        if (!mirrors.contains(line)) {
          String[] words = line.split(" ");
          try (InputStream content = download(client, mirrors, words[1], words[0])) {
            unpack(content, folder);
          }
        }
      }
    }
  }

  /// @return content with this SHA-256
  private static InputStream download(
      HttpClient client, List<String> mirrors, String path, String sha256) throws IOException {
    List<String> failures = new ArrayList<>();
    for (String mirror : mirrors) {
      // Packages have no signature of their own. The hash replaces it, and permits plain HTTP.
      URI address = URI.create(mirror + "/" + path.replace("+", "%2B"));
      try {
        byte[] content = get(client, address);
        if (sha256(content).equals(sha256)) {
          return new ByteArrayInputStream(content);
        }
        failures.add(address + " has another SHA-256");
      } catch (IOException e) {
        failures.add(address + ": " + e);
      }
    }
    throw new IOException("a package of Debian is not available:\n" + String.join("\n", failures));
  }

  private static byte[] get(HttpClient client, URI address) throws IOException {
    HttpRequest request = HttpRequest.newBuilder(address).timeout(DOWNLOAD_TIMEOUT).build();
    try {
      HttpResponse<InputStream> response =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        if (response.statusCode() != 200) {
          throw new IOException("HTTP status " + response.statusCode());
        }
        return body.readNBytes(MAX_PACKAGE_SIZE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during the download", e);
    }
  }

  /// Unpacks the libraries and the files of this server from a package, which is an `ar` archive
  /// with a compressed `tar` archive.
  private void unpack(InputStream content, Path folder) throws IOException {
    try (ArArchiveInputStream parts = new ArArchiveInputStream(content)) {
      for (ArArchiveEntry part = parts.getNextEntry(); part != null; part = parts.getNextEntry()) {
        if (part.getName().equals("data.tar.xz")) {
          unpackFiles(new TarArchiveInputStream(new XZCompressorInputStream(parts)), folder);
          return;
        }
      }
    }
    throw new IOException("a package has no data.tar.xz");
  }

  private void unpackFiles(TarArchiveInputStream entries, Path folder) throws IOException {
    for (TarArchiveEntry entry = entries.getNextEntry();
        entry != null;
        entry = entries.getNextEntry()) {
      String name = entry.getName().replaceFirst("^\\./", "");
      Path file = folder.resolve(name).normalize();
      if (entry.isDirectory() || !isNeeded(name) || !file.startsWith(folder)) {
        continue;
      }
      Files.createDirectories(file.getParent());
      if (entry.isSymbolicLink()) {
        Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
      } else {
        Files.copy(entries, file);
        boolean executable = (entry.getMode() & 0100) != 0;
        if (executable && !file.toFile().setExecutable(true)) {
          throw new IOException("cannot make executable: " + file);
        }
      }
    }
  }

  private boolean isNeeded(String name) {
    boolean library = name.startsWith(LIBRARIES) && name.indexOf('/', LIBRARIES.length()) < 0;
    return library || name.equals(program) || files.stream().anyMatch(name::startsWith);
  }

  private byte[] packages() {
    String resource = "debian/" + id() + ".txt";
    try (InputStream content = DebianServer.class.getResourceAsStream(resource)) {
      return content.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
