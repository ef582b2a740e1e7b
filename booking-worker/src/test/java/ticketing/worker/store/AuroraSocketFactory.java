package ticketing.worker.store;

import com.mysql.cj.conf.PropertySet;
import com.mysql.cj.protocol.StandardSocketFactory;
import java.io.Closeable;
import java.io.IOException;
import ticketing.local.servers.AuroraCluster;

/// Name resolution of an [AuroraCluster]. Connector/J creates an instance for each connection.
public final class AuroraSocketFactory extends StandardSocketFactory {

  private static volatile AuroraCluster cluster;

  static void resolve(AuroraCluster names) {
    cluster = names;
  }

  @Override
  public <T extends Closeable> T connect(
      String host, int port, PropertySet properties, int loginTimeout) throws IOException {
    return super.connect("127.0.0.1", cluster.port(host), properties, loginTimeout);
  }
}
