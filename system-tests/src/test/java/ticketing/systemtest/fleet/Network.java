package ticketing.systemtest.fleet;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import ticketing.local.servers.TcpRelay;

/// Registry of the relays between processes. A fault is injected by the names of the ends.
public final class Network implements AutoCloseable {

  private record Link(String from, String to, TcpRelay relay) {}

  private final List<Link> links = new CopyOnWriteArrayList<>();

  /// Opens a relay from one process to another.
  ///
  /// @return port of the relay, for the settings of the first process
  int link(String from, String to, int target) {
    TcpRelay relay = new TcpRelay(new InetSocketAddress("127.0.0.1", target));
    relay.start();
    links.add(new Link(from, to, relay));
    return relay.port();
  }

  public void cut(String process) {
    each(process, TcpRelay::cut);
  }

  /// Cuts only the relay between these two.
  public void cut(String from, String to) {
    each(from, to, TcpRelay::cut);
  }

  /// Passes requests of the first process and drops responses of the second.
  public void silence(String from, String to) {
    each(from, to, TcpRelay::silence);
  }

  /// Passes requests to this process and drops its responses.
  void silence(String process) {
    links.stream()
        .filter(link -> link.to().equals(process))
        .forEach(link -> link.relay().silence());
  }

  public void delay(String process, Duration delay) {
    each(process, relay -> relay.delay(delay));
  }

  public void heal(String process) {
    each(process, TcpRelay::heal);
  }

  private void each(String from, String to, Consumer<TcpRelay> action) {
    links.stream()
        .filter(link -> link.from().equals(from) && link.to().equals(to))
        .map(Link::relay)
        .forEach(action);
  }

  private void each(String process, Consumer<TcpRelay> action) {
    links.stream()
        .filter(link -> link.from().equals(process) || link.to().equals(process))
        .map(Link::relay)
        .forEach(action);
  }

  @Override
  public void close() {
    links.forEach(link -> link.relay().close());
  }
}
