package ticketing.benchmark.attack;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import ticketing.domain.Json;

/// Connections with one long poll each, of a ticket that the connection booked.
final class LongPolls implements AutoCloseable {

  private static final int CONCURRENT_BOOKINGS = 16;
  private static final int READ_TIMEOUT = 30_000; // ms
  private static final String WAIT = "Prefer: wait=300\r\n";

  private final URI target;
  private final List<String> tokens;
  private final List<Poll> polls = new ArrayList<>();

  /// @param socket connection that has got the answer of the booking
  private record Poll(Socket socket, String token, String path) {}

  LongPolls(URI target, List<String> tokens) {
    this.target = target;
    this.tokens = tokens;
  }

  /// Opens the connections. Each one books a ticket.
  void connect(int count, int perUser, String booking) throws IOException, InterruptedException {
    try (ExecutorService threads = Executors.newFixedThreadPool(CONCURRENT_BOOKINGS)) {
      List<Future<Poll>> opened = new ArrayList<>();
      for (int poll = 0; poll < count; poll++) {
        // One user books several times only after all others, below the rate of bookings.
        String token = tokens.get(poll % (count / perUser));
        opened.add(threads.submit(() -> open(token, booking)));
      }
      for (Future<Poll> poll : opened) {
        polls.add(poll.get());
      }
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }

  private Poll open(String token, String booking) throws IOException {
    Socket socket = new Socket(target.getHost(), target.getPort());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(READ_TIMEOUT);
    write(socket, "POST /api/v1/reservations", token, "", booking);
    String ticketId = Json.INTERNAL.readTree(readBody(socket)).path("ticketId").asString();
    return new Poll(socket, token, "/api/v1/tickets/" + ticketId);
  }

  /// Sends the long polls without reading their answers.
  void start() throws IOException {
    for (Poll poll : polls) {
      write(poll.socket(), "GET " + poll.path(), poll.token(), WAIT, "");
    }
  }

  /// Number of polls that have an answer or a closed connection.
  long countAnswered() throws IOException {
    long answered = 0;
    for (Poll poll : polls) {
      answered += poll.socket().getInputStream().available() > 0 ? 1 : 0;
    }
    return answered;
  }

  private static void write(
      Socket socket, String request, String token, String headers, String body) throws IOException {
    String text =
        request
            + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
            + token
            + "\r\n"
            + headers
            + (body.isEmpty()
                ? ""
                : "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n")
            + "\r\n"
            + body;
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Body of an answer with a length or with chunks, which is one JSON object.
  private static String readBody(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    byte[] buffer = new byte[4096];
    while (true) {
      int read = in.read(buffer);
      if (read < 0) {
        throw new IOException("the server closed the connection");
      }
      answer.write(buffer, 0, read);
      String text = answer.toString(StandardCharsets.UTF_8);
      int begin = text.indexOf('{');
      boolean complete =
          text.contains("chunked")
              ? text.endsWith("\r\n0\r\n\r\n")
              : begin >= 0 && text.endsWith("}");
      if (complete) {
        if (!text.startsWith("HTTP/1.1 202 ")) {
          throw new IOException(text);
        }
        return text.substring(begin, text.lastIndexOf('}') + 1);
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (Poll poll : polls) {
      poll.socket().close();
    }
  }
}
