package ticketing.local.servers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// New self-signed certificate of 127.0.0.1 and localhost, for servers with TLS.
///
/// @param certificate PEM file
/// @param key PEM file of the private key
/// @param trustStore PKCS12 file, whose password is [#PASSWORD]
public record TlsCertificate(Path certificate, Path key, Path trustStore) {

  public static final String PASSWORD = "ticketing";

  private static final String ALIAS = "server";
  private static final long KEYTOOL_TIMEOUT = 60; // s

  /// @throws ServerException if the files cannot be written
  public static TlsCertificate create(Path folder) {
    TlsCertificate tls =
        new TlsCertificate(
            folder.resolve("certificate.pem").toAbsolutePath(),
            folder.resolve("key.pem").toAbsolutePath(),
            folder.resolve("trust.p12").toAbsolutePath());
    try {
      Files.createDirectories(folder);
      Files.deleteIfExists(tls.trustStore);
      runKeytool(tls.trustStore);
      KeyStore store = tls.store();
      writePem(tls.certificate, "CERTIFICATE", store.getCertificate(ALIAS).getEncoded());
      writePem(tls.key, "PRIVATE KEY", store.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
      return tls;
    } catch (IOException | GeneralSecurityException e) {
      throw new ServerException("cannot create a certificate in " + folder, e);
    }
  }

  /// A context that trusts only this certificate.
  SSLContext context() {
    try {
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new ServerException("cannot read " + trustStore, e);
    }
  }

  private KeyStore store() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream content = Files.newInputStream(trustStore)) {
      store.load(content, PASSWORD.toCharArray());
    }
    return store;
  }

  private static void writePem(Path file, String type, byte[] content) throws IOException {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        file, "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n".formatted(type, body));
  }

  private static void runKeytool(Path store) throws IOException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    ALIAS,
                    "-keyalg",
                    "RSA",
                    "-keysize",
                    "2048",
                    "-validity",
                    "2",
                    "-dname",
                    "CN=localhost",
                    "-ext",
                    "SAN=DNS:localhost,IP:127.0.0.1",
                    "-storetype",
                    "PKCS12",
                    "-keystore",
                    store.toString(),
                    "-storepass",
                    PASSWORD))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!process.waitFor(KEYTOOL_TIMEOUT, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IOException("keytool failed");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during keytool", e);
    }
  }
}
