import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Books seats and waits for the decision by polling.
///
/// `java Booking.java EVENT_ID SEAT_TYPE QUANTITY [KEY]` with `TICKETING_URL`, `TICKETING_EMAIL` and
/// `TICKETING_PASSWORD` in the environment. Prints the final ticket. Exit code 0: there are seats;
/// 1: there are none; 2: no answer in time, ask again with the same KEY.
///
/// It reads JSON with regular expressions only to need nothing but the JDK: use your JSON library.
public class Booking {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int LONGEST_PAUSE = 30;

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final URI server = URI.create(System.getenv("TICKETING_URL"));
  private final Instant deadline = Instant.now().plus(PATIENCE);
  private String token;
  private HttpResponse<String> refusal;
  private int failures;

  public static void main(String[] args) throws InterruptedException {
    // Before the first attempt, and kept over a restart of the program: a repeat is the same booking.
    String key = args.length > 3 ? args[3] : UUID.randomUUID().toString();
    System.exit(new Booking().book(args[0], args[1], args[2], key));
  }

  int book(String eventId, String seatType, String quantity, String key)
      throws InterruptedException {
    String body =
        "{\"eventId\":%s,\"seatType\":\"%s\",\"quantity\":%s}"
            .formatted(eventId, seatType, quantity);
    HttpResponse<String> accepted =
        call(
            () ->
                authorized("/api/v1/reservations")
                    .header("Content-Type", "application/json")
                    .header("Idempotency-Key", key)
                    .POST(BodyPublishers.ofString(body)));
    if (accepted == null || accepted.statusCode() != 202) {
      return refused(accepted, key);
    }
    String path = accepted.headers().firstValue("Location").orElseThrow();
    String ticket = accepted.body();
    while (field(ticket, "status").equals("PENDING")) {
      System.err.println("pending, position " + field(ticket, "position"));
      // The answer comes as soon as the ticket is final, or after 20 s.
      HttpResponse<String> answer =
          call(() -> authorized(path).header("Prefer", "wait=20").GET());
      if (answer == null || answer.statusCode() != 200) {
        return refused(answer, key);
      }
      ticket = answer.body();
      if (field(ticket, "status").equals("PENDING")) {
        pause(retryAfter(answer, 1));
      }
    }
    System.out.println(ticket);
    return Set.of("CONFIRMED", "HELD").contains(field(ticket, "status")) ? 0 : 1;
  }

  private interface Call {
    HttpRequest.Builder request() throws IOException, InterruptedException;
  }

  /// Repeats the request until it has an answer that another attempt would not change.
  ///
  /// @return null if there was none in time
  private HttpResponse<String> call(Call call) throws InterruptedException {
    while (Instant.now().isBefore(deadline)) {
      int wait;
      try {
        HttpResponse<String> answer = send(call.request());
        switch (answer.statusCode()) {
          case 401 -> {
            if (field(answer.body(), "code").equals("INVALID_CREDENTIALS")) {
              return answer;
            }
            // The token has expired.
            token = null;
            wait = backOff();
          }
          case 425, 429, 500, 502, 503, 504 -> {
            System.err.println(answer.statusCode() + " " + field(answer.body(), "code"));
            wait = retryAfter(answer, backOff());
          }
          default -> {
            failures = 0;
            return answer;
          }
        }
      } catch (IOException e) {
        if (refusal != null) {
          return refusal;
        }
        System.err.println("no answer: " + e);
        wait = backOff();
      }
      if (Instant.now().plusSeconds(wait).isAfter(deadline)) {
        System.err.println("worth another attempt in " + wait + " s, which is too long to wait");
        return null;
      }
      pause(wait);
    }
    return null;
  }

  private HttpRequest.Builder authorized(String path) throws IOException, InterruptedException {
    if (token == null) {
      String credentials =
          "{\"email\":\"%s\",\"password\":\"%s\"}"
              .formatted(System.getenv("TICKETING_EMAIL"), System.getenv("TICKETING_PASSWORD"));
      HttpResponse<String> answer =
          send(
              request("/api/v1/auth/token")
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofString(credentials)));
      if (answer.statusCode() >= 400 && answer.statusCode() < 429) {
        refusal = answer;
      }
      if (answer.statusCode() != 200) {
        throw new IOException("no token: " + answer.statusCode());
      }
      token = field(answer.body(), "accessToken");
    }
    return request(path).header("Authorization", "Bearer " + token);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(server.resolve(path)).timeout(Duration.ofSeconds(30));
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private static int refused(HttpResponse<String> answer, String key) {
    if (answer == null) {
      System.err.println("gave up waiting; ask again with the key " + key);
      return 2;
    }
    System.err.println(answer.statusCode() + " " + answer.body());
    return 1;
  }

  private static int retryAfter(HttpResponse<?> answer, int otherwise) {
    return answer.headers().firstValue("Retry-After").map(Integer::parseInt).orElse(otherwise);
  }

  /// 1, 2, 4 ... seconds.
  private int backOff() {
    return Math.min(LONGEST_PAUSE, 1 << Math.min(failures++, 5));
  }

  /// A little longer than asked for, and not as long as everybody else.
  private static void pause(int seconds) throws InterruptedException {
    Thread.sleep(seconds * 1000L + ThreadLocalRandom.current().nextInt(250));
  }

  private static String field(String json, String name) {
    Matcher value = Pattern.compile("\"" + name + "\":\"?([^\",}]*)").matcher(json);
    return value.find() ? value.group(1) : "";
  }
}
