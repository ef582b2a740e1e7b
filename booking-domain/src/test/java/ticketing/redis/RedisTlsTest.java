package ticketing.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import ticketing.local.servers.RedisCluster;
import ticketing.local.servers.TlsCertificate;

/// TLS and password of a cache in cluster mode, as on AWS. Skipped without an installed Redis or
/// Valkey, because the embedded one has no TLS.
@EnabledIf("hasServer")
class RedisTlsTest {

  private static final Path FOLDER = Path.of("target", "redis-tls");
  private static final String PASSWORD = "secret";
  private static final int KEYS = 20; // in all three parts of the cluster, almost certainly

  private static RedisCluster cluster;

  static boolean hasServer() {
    return RedisCluster.serverWithTls().isPresent();
  }

  @BeforeAll
  static void start() {
    TlsCertificate certificate = TlsCertificate.create(FOLDER);
    cluster = RedisCluster.startWithTls(FOLDER, PASSWORD, Duration.ofSeconds(60), certificate);
    trust(certificate.trustStore());
  }

  @AfterAll
  static void stop() {
    System.clearProperty("javax.net.ssl.trustStore");
    System.clearProperty("javax.net.ssl.trustStorePassword");
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void clusterStoresKeysOverTls() {
    try (RedisGateway redis = connect(cluster.addresses(), PASSWORD)) {
      for (int key = 0; key < KEYS; key++) {
        String name = "tls-" + key;
        redis.call(client -> {
          client.getBucket(name).set("stored");
          return null;
        });
        assertThat(redis.<Object>call(client -> client.getBucket(name).get())).isEqualTo("stored");
      }
    }
  }

  @Test
  void otherPasswordIsRefused() {
    try (RedisGateway redis = connect(cluster.addresses(), "other")) {
      assertThatThrownBy(() -> redis.call(client -> client.getBucket("a").get()))
          .isInstanceOf(RedisUnavailableException.class);
    }
  }

  @Test
  void untrustedCertificateIsRefused() {
    Path trusted = Path.of(System.getProperty("javax.net.ssl.trustStore"));
    trust(TlsCertificate.create(FOLDER.resolve("other")).trustStore());
    try (RedisGateway redis = connect(cluster.addresses(), PASSWORD)) {
      assertThatThrownBy(() -> redis.call(client -> client.getBucket("a").get()))
          .isInstanceOf(RedisUnavailableException.class);
    } finally {
      trust(trusted);
    }
  }

  @Test
  void connectionWithoutTlsIsRefused() {
    // One node, because the client attempts all of them in turn.
    String plain = cluster.addresses().getFirst().replace("rediss:", "redis:");
    try (RedisGateway redis = connect(List.of(plain), PASSWORD)) {
      assertThatThrownBy(() -> redis.call(client -> client.getBucket("a").get()))
          .isInstanceOf(RedisUnavailableException.class);
    }
  }

  private static void trust(Path store) {
    System.setProperty("javax.net.ssl.trustStore", store.toString());
    System.setProperty("javax.net.ssl.trustStorePassword", TlsCertificate.PASSWORD);
  }

  private static RedisGateway connect(List<String> addresses, String password) {
    return RedisGateway.connect(
        new RedisSettings(
            addresses, true, password, Duration.ofSeconds(5), 1, Duration.ofSeconds(1), 4));
  }
}
