package ticketing.benchmark.attack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import ticketing.benchmark.support.RunningLoad;

/// Connections that send one byte of a body every second. A connection that the server closes is
/// opened again, so their number stays the same. If that fails, [#close] throws an exception.
final class SlowBodies implements RunningLoad {

  private static final long INTERVAL = 1_000; // ms
  private static final String HEAD =
      "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
          + "Content-Length: 1000\r\n\r\n{";

  private final URI target;
  private final List<Socket> clients = new ArrayList<>();
  private final AtomicLong requests = new AtomicLong();
  private final Thread sender;
  private volatile IOException failure; // null: none

  SlowBodies(URI target, int count) {
    this.target = target;
    try {
      for (int client = 0; client < count; client++) {
        clients.add(open());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.sender = Thread.ofPlatform().name("slow-bodies").start(this::trickle);
  }

  private Socket open() throws IOException {
    Socket client = new Socket(target.getHost(), target.getPort());
    client.getOutputStream().write(HEAD.getBytes(StandardCharsets.UTF_8));
    requests.incrementAndGet();
    return client;
  }

  private void trickle() {
    try {
      while (true) {
        Thread.sleep(INTERVAL);
        for (int client = 0; client < clients.size(); client++) {
          try {
            // The server sends its 408 and then closes the connection.
            if (clients.get(client).getInputStream().available() > 0) {
              throw new IOException("the request has ended");
            }
            clients.get(client).getOutputStream().write(' ');
          } catch (IOException e) {
            clients.get(client).close();
            clients.set(client, open());
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      failure = e;
    }
  }

  @Override
  public long requests() {
    return requests.get();
  }

  @Override
  public void close() {
    sender.interrupt();
    try {
      sender.join();
      for (Socket client : clients) {
        client.close();
      }
      if (failure != null) {
        throw new IllegalStateException("the attack ended early", failure);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
