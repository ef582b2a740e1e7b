package ticketing.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ticketing.client.ScriptedServer.response;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiConnectionTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @Test
  void requestsShareOneConnection() throws IOException {
    try (ScriptedServer server = new ScriptedServer(response(200, "one"), response(404, "좌석"));
        ApiConnection connection = new ApiConnection(server.url())) {
      assertThat(connection.send("GET", "/a", null, null).body()).isEqualTo("one");
      ApiResponse second = connection.send("POST", "/b", "token", "{\"seat\":\"석\"}");

      assertThat(second.status()).isEqualTo(404);
      assertThat(second.body()).isEqualTo("좌석");
      assertThat(server.connections).hasValue(1);
      assertThat(server.requests.getFirst().headers()).doesNotContainKey("authorization");
      ScriptedServer.Request request = server.requests.getLast();
      assertThat(request.method() + " " + request.path()).isEqualTo("POST /b");
      assertThat(request.body()).isEqualTo("{\"seat\":\"석\"}");
      assertThat(request.headers())
          .containsEntry("authorization", "Bearer token")
          .containsEntry("content-type", "application/json")
          .containsEntry("host", server.url().getAuthority());
    }
  }

  @Test
  void closedConnectionIsOpenedAgain() throws IOException {
    try (ScriptedServer server =
            new ScriptedServer(response(200, "", "Connection: close"), response(200, "again"));
        ApiConnection connection = new ApiConnection(server.url())) {
      connection.send("GET", "/", null, null);
      assertThat(connection.send("GET", "/", null, null).body()).isEqualTo("again");
      assertThat(server.connections).hasValue(2);
    }
  }

  @Test
  void chunkedBodyIsJoined() throws IOException {
    String chunked =
        "HTTP/1.1 200 OK\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
            + "3\r\n"
            + "abc\r\n"
            + "A\r\n"
            + "0123456789\r\n"
            + "0\r\n\r\n";
    try (ScriptedServer server = new ScriptedServer(chunked, response(200, "next"));
        ApiConnection connection = new ApiConnection(server.url())) {
      assertThat(connection.send("GET", "/", null, null).body()).isEqualTo("abc0123456789");
      assertThat(connection.send("GET", "/", null, null).body()).isEqualTo("next");
    }
  }

  @Test
  void bodyLargerThanTheBufferIsComplete() throws IOException {
    String body = "seat ".repeat(20_000);
    try (ScriptedServer server = new ScriptedServer(response(200, body));
        ApiConnection connection = new ApiConnection(server.url())) {
      assertThat(connection.send("GET", "/", null, null).body()).isEqualTo(body);
    }
  }

  @Test
  void incompleteResponseIsAnError() throws IOException {
    try (ScriptedServer server =
            new ScriptedServer(
                "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "HTTP/2 x\r\n");
        ApiConnection connection =
            new ApiConnection(List.of(server.url()), Duration.ofMillis(500))) {
      for (int attempt = 0; attempt < 3; attempt++) {
        assertThatThrownBy(() -> connection.send("GET", "/", null, null))
            .isInstanceOf(IOException.class);
      }
      assertThat(server.connections).hasValue(3);
    }
  }

  @Test
  void oversizedResponseIsAnError() throws IOException {
    try (ScriptedServer server =
            new ScriptedServer(
                "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: " + "x".repeat(9_000) + "\r\n\r\n");
        ApiConnection connection = new ApiConnection(server.url())) {
      assertThatThrownBy(() -> connection.send("GET", "/", null, null))
          .hasMessageContaining("1048577 bytes");
      assertThatThrownBy(() -> connection.send("GET", "/", null, null))
          .hasMessageContaining("longer than 8192");
    }
  }

  @Test
  void nextServerReceivesTheNextRequest() throws IOException {
    try (ScriptedServer first = new ScriptedServer(response(200, "1"), response(200, "1"));
        ScriptedServer second = new ScriptedServer(response(200, "2"));
        ApiConnection connection = new ApiConnection(List.of(first.url(), second.url()), TIMEOUT)) {
      assertThat(connection.send("GET", "/", null, null).body()).isEqualTo("1");
      connection.useNextServer();
      assertThat(connection.send("GET", "/", null, null).body()).isEqualTo("2");
      connection.useNextServer();
      assertThat(connection.send("GET", "/", null, null).body()).isEqualTo("1");
    }
  }

  @Test
  void tlsRequiresATrustedCertificateOfTheHost(@TempDir Path folder) throws Exception {
    SSLContext context = context(folder);
    try (ScriptedServer server =
        new ScriptedServer(
            context
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getByName("127.0.0.1")),
            "https",
            response(200, "secure"))) {
      try (ApiConnection untrusting = new ApiConnection(server.url())) {
        assertThatThrownBy(() -> untrusting.send("GET", "/", null, null))
            .isInstanceOf(SSLException.class);
      }
      URI otherHost = URI.create(server.url().toString().replace("127.0.0.1", "localhost"));
      try (ApiConnection wrongHost =
          new ApiConnection(List.of(otherHost), TIMEOUT, context.getSocketFactory())) {
        assertThatThrownBy(() -> wrongHost.send("GET", "/", null, null))
            .isInstanceOf(SSLException.class);
      }
      try (ApiConnection trusting =
          new ApiConnection(List.of(server.url()), TIMEOUT, context.getSocketFactory())) {
        assertThat(trusting.send("GET", "/", null, null).body()).isEqualTo("secure");
      }
    }
  }

  private static SSLContext context(Path folder) throws Exception {
    Path file = folder.resolve("keys.p12");
    char[] password = "changeit".toCharArray();
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                file.toString(),
                "-storepass",
                "changeit",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=test",
                "-ext",
                "SAN=ip:127.0.0.1")
            .redirectErrorStream(true)
            .start();
    String output = new String(keytool.getInputStream().readAllBytes());
    assertThat(keytool.waitFor()).as(output).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (var input = Files.newInputStream(file)) {
      keys.load(input, password);
    }
    KeyManagerFactory keyManagers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keyManagers.init(keys, password);
    KeyStore certificates = KeyStore.getInstance("PKCS12");
    certificates.load(null, null);
    certificates.setCertificateEntry("server", keys.getCertificate("server"));
    TrustManagerFactory trustManagers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trustManagers.init(certificates);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
    return context;
  }
}
