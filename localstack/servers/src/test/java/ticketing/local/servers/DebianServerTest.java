package ticketing.local.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/// Packages of Debian from mirrors in this JVM, and the servers that `ticketing.test.servers`
/// selects.
class DebianServerTest {

  private static final String LIBRARY = "usr/lib/x86_64-linux-gnu/";

  @TempDir private Path folder;
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private HttpServer mirror;

  @BeforeEach
  void start() throws IOException {
    mirror = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    mirror.createContext(
        "/",
        exchange -> {
          byte[] file = files.get(exchange.getRequestURI().getPath());
          exchange.sendResponseHeaders(file == null ? 404 : 200, file == null ? -1 : file.length);
          if (file != null) {
            exchange.getResponseBody().write(file);
          }
          exchange.close();
        });
    mirror.start();
  }

  @AfterEach
  void stop() {
    mirror.stop(0);
  }

  @Test
  void secondMirrorProvidesThePackage() throws Exception {
    byte[] content = debianPackage();
    files.put("/archive/pool/server+1.deb", content);
    DebianServer.VALKEY.install(lock(content), folder);

    assertThat(folder.resolve("usr/bin/valkey-check-rdb")).hasContent("program").isExecutable();
    assertThat(folder.resolve("usr/bin/valkey-server")).hasContent("program");
    assertThat(folder.resolve(LIBRARY + "library.so")).hasContent("library");
    assertThat(Files.isExecutable(folder.resolve(LIBRARY + "library.so"))).isFalse();
    assertThat(folder.resolve("usr/share/doc")).doesNotExist();
    assertThat(folder.getParent().resolve("outside")).doesNotExist();
  }

  @Test
  void changedPackageIsRefused() throws Exception {
    byte[] content = debianPackage();
    files.put("/archive/pool/server+1.deb", "changed".getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> DebianServer.VALKEY.install(lock(content), folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a package of Debian is not available")
        .hasMessageContaining("/current/pool/server%2B1.deb: java.io.IOException: HTTP status 404")
        .hasMessageContaining("/archive/pool/server%2B1.deb has another SHA-256");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void otherSystemIsRefused() {
    assertThatThrownBy(() -> DebianServer.MYSQL.requireSystem("Mac OS X", "aarch64"))
        .isInstanceOf(ServerException.class)
        .hasMessage("mysql of Debian runs only on Linux on x86-64, not on Mac OS X on aarch64");
    assertThatThrownBy(() -> DebianServer.VALKEY.requireSystem("Linux", "aarch64"))
        .isInstanceOf(ServerException.class);
    assertThatCode(() -> DebianServer.MYSQL.requireSystem("Linux", "amd64"))
        .doesNotThrowAnyException();
  }

  @Test
  @EnabledIf("mysql")
  void selectedDatabaseIsMySqlWithTls() throws SQLException {
    LocalServers servers = LocalServers.shared();
    try (Connection connection = servers.connect()) {
      assertThat(single(connection, "SELECT VERSION()", 1)).startsWith("9.7.4");
      assertThat(single(connection, "SHOW STATUS LIKE 'Ssl_version'", 2)).startsWith("TLS");
      assertThat(single(connection, "SHOW CREATE USER CURRENT_USER()", 1))
          .contains("'caching_sha2_password'");
    }
    servers.setDatabaseReadOnly(true);
    try {
      assertThatThrownBy(servers::newDatabase)
          .isInstanceOf(ServerException.class)
          .hasMessageContaining("read-only");
    } finally {
      servers.setDatabaseReadOnly(false);
    }
  }

  @Test
  @EnabledIf("valkey")
  void selectedCacheIsValkey() throws IOException {
    URI address = URI.create(LocalServers.shared().redisAddress());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write("INFO server\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(200), StandardCharsets.US_ASCII))
          .contains("valkey_version:8.1.1");
    }
  }

  static boolean mysql() {
    return DebianServer.MYSQL.isSelected();
  }

  static boolean valkey() {
    return DebianServer.VALKEY.isSelected();
  }

  private String lock(byte[] content) throws Exception {
    String address = "http://127.0.0.1:" + mirror.getAddress().getPort();
    return "# Comment.\n%1$s/current\n%1$s/archive\n%2$s pool/server+1.deb\n"
        .formatted(
            address,
            HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content)));
  }

  private static byte[] debianPackage() throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(new XZCompressorOutputStream(data))) {
      add(tar, "./usr/bin/valkey-check-rdb", "program", 0755);
      add(tar, "./" + LIBRARY + "library.so", "library", 0644);
      add(tar, "./usr/share/doc/README", "text", 0644);
      add(tar, "./" + LIBRARY + "../../../../outside", "text", 0644);
      TarArchiveEntry link = new TarArchiveEntry("./usr/bin/valkey-server", (byte) '2');
      link.setLinkName("valkey-check-rdb");
      tar.putArchiveEntry(link);
      tar.closeArchiveEntry();
    }
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    try (ArArchiveOutputStream parts = new ArArchiveOutputStream(content)) {
      add(parts, "debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
      add(parts, "data.tar.xz", data.toByteArray());
    }
    return content.toByteArray();
  }

  private static void add(TarArchiveOutputStream tar, String name, String text, int mode)
      throws IOException {
    byte[] content = text.getBytes(StandardCharsets.US_ASCII);
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    entry.setMode(mode);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private static void add(ArArchiveOutputStream parts, String name, byte[] content)
      throws IOException {
    parts.putArchiveEntry(new ArArchiveEntry(name, content.length));
    ((OutputStream) parts).write(content);
    parts.closeArchiveEntry();
  }

  private static String single(Connection connection, String query, int column)
      throws SQLException {
    try (var statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getString(column);
    }
  }
}
