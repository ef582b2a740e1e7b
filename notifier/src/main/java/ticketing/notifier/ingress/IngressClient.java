package ticketing.notifier.ingress;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView.Availability;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.notifier.handshake.AuthenticatedUser;
import ticketing.notifier.settings.NotifierSettings;
import tools.jackson.core.JacksonException;

/// Asks ingress-api, which knows the database, for what is not on the board. Questions beyond a
/// bound are not asked: whoever asks comes again with the sweep.
@Component
public final class IngressClient implements DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(IngressClient.class);
  private static final int WAITING_QUESTIONS = 1_000;

  public sealed interface Answer<T> {
    record Known<T>(T value) implements Answer<T> {}

    /// There is no such thing, or the visitor may not know of it.
    record Unknown<T>() implements Answer<T> {}

    /// It could not be found out now.
    record Failed<T>() implements Answer<T> {}
  }

  private final NotifierSettings settings;
  private final HttpClient client;
  private final ThreadPoolExecutor callers;

  IngressClient(NotifierSettings settings) {
    this.settings = settings;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.ingressTimeout())
            .build();
    this.callers =
        new ThreadPoolExecutor(
            settings.ingressCalls(),
            settings.ingressCalls(),
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_QUESTIONS),
            Thread.ofVirtual().name("ingress-", 0).factory());
    callers.allowCoreThreadTimeOut(true);
  }

  /// Asks for a ticket in the name of its visitor; the answer comes on another thread, or at once
  /// if there are too many questions already.
  public void ticket(
      UUID ticketId, AuthenticatedUser visitor, Consumer<Answer<Ticket>> whenAnswered) {
    ask("/api/v1/tickets/" + ticketId, visitor, Ticket.class, whenAnswered);
  }

  /// As [#ticket], for the seats left of an event.
  public void availability(long eventId, Consumer<Answer<Availability>> whenAnswered) {
    ask("/api/v1/events/" + eventId, AuthenticatedUser.ANYBODY, Availability.class, whenAnswered);
  }

  private <T> void ask(
      String path, AuthenticatedUser visitor, Class<T> type, Consumer<Answer<T>> whenAnswered) {
    try {
      callers.execute(() -> whenAnswered.accept(get(path, visitor, type)));
    } catch (RejectedExecutionException e) {
      whenAnswered.accept(new Answer.Failed<>());
    }
  }

  private <T> Answer<T> get(String path, AuthenticatedUser visitor, Class<T> type) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base() + path))
            .timeout(settings.ingressTimeout())
            .header("Accept", "application/json");
    if (!visitor.token().isEmpty()) {
      request.header("Authorization", "Bearer " + visitor.token());
    }
    try {
      HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
      return switch (response.statusCode()) {
        case 200 -> new Answer.Known<>(Json.INTERNAL.readValue(response.body(), type));
        case 404 -> new Answer.Unknown<>();
        default -> {
          log.debug("Ingress answered {} to {}", response.statusCode(), path);
          yield new Answer.Failed<>();
        }
      };
    } catch (IOException | JacksonException e) {
      log.debug("Ingress could not be asked for {}", path, e);
      return new Answer.Failed<>();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Answer.Failed<>();
    }
  }

  private String base() {
    String url = settings.ingressUrl().toString();
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  @Override
  public void destroy() {
    callers.shutdownNow();
    client.shutdownNow();
  }
}
