package ticketing.systemtest.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import ticketing.local.servers.Ports;

/// All wires between the processes, each of which can be taken by its ends.
public final class Network implements AutoCloseable {

  private record Link(String from, String to, int port, TcpProxy proxy) {}

  private final List<Link> links = new CopyOnWriteArrayList<>();

  /// A wire from one process to another.
  ///
  /// @return the port to which the one must connect
  int link(String from, String to, int target) {
    int port = Ports.free();
    try {
      links.add(new Link(from, to, port, new TcpProxy(port, target)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return port;
  }

  public void cut(String process) {
    each(process, TcpProxy::cut);
  }

  /// Only the wire from the one to the other.
  public void cut(String from, String to) {
    each(from, to, TcpProxy::cut);
  }

  /// What the one sends arrives, what the other answers is lost.
  public void silence(String from, String to) {
    each(from, to, TcpProxy::silence);
  }

  public void slow(String process, Duration delay) {
    each(process, proxy -> proxy.slow(delay));
  }

  public void heal(String process) {
    each(process, TcpProxy::heal);
  }

  private void each(String from, String to, Consumer<TcpProxy> action) {
    links.stream()
        .filter(link -> link.from().equals(from) && link.to().equals(to))
        .map(Link::proxy)
        .forEach(action);
  }

  private void each(String process, Consumer<TcpProxy> action) {
    links.stream()
        .filter(link -> link.from().equals(process) || link.to().equals(process))
        .map(Link::proxy)
        .forEach(action);
  }

  @Override
  public void close() {
    for (Link link : links) {
      try {
        link.proxy().close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
