package ticketing.ingress.page;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;
import ticketing.ingress.event.EventAdminService;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.information.EventDocument;
import ticketing.ingress.information.EventInformationCatalog;
import ticketing.ingress.information.ListedEvent;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Reads the data that a page contains, so that its script needs no further request. A read never
/// delays a page by more than 300 ms: the page is then served without data.
@Component
class StartData {

  /// Size of the first page of the event list, as in `eventlist.js`.
  static final int LIST_SIZE = 20;

  private static final Duration MAX_DELAY = Duration.ofMillis(300);
  private static final Duration TTL = Duration.ofSeconds(1);
  private static final int MAX_EVENTS = 10_000;
  private static final int MAX_CONCURRENT_READS = 32;
  private static final int IDLE_SECONDS = 10;

  /// Result of a read.
  sealed interface Read<T> {

    record Found<T>(T value) implements Read<T> {}

    record NotFound<T>() implements Read<T> {}

    /// The read failed or exceeded the maximum delay.
    record Unavailable<T>() implements Read<T> {}
  }

  private final EventAdminService events;
  private final EventCatalog catalog;
  private final EventInformationCatalog information;
  private final AsyncCache<Integer, Read<PageResponse<ListedEvent>>> lists;
  private final AsyncCache<Long, Read<EventDocument>> singleEvents;

  StartData(EventAdminService events, EventCatalog catalog, EventInformationCatalog information) {
    this.events = events;
    this.catalog = catalog;
    this.information = information;
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            0,
            MAX_CONCURRENT_READS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofVirtual().name("start-data-", 0).factory());
    this.lists =
        Caffeine.newBuilder().expireAfterWrite(TTL).maximumSize(1).executor(threads).buildAsync();
    this.singleEvents =
        Caffeine.newBuilder()
            .expireAfterWrite(TTL)
            .maximumSize(MAX_EVENTS)
            .executor(threads)
            .buildAsync();
  }

  /// First page of the list of upcoming events.
  Read<PageResponse<ListedEvent>> upcomingEvents() {
    return read(lists, LIST_SIZE, () -> new Read.Found<>(events.listUpcoming(LIST_SIZE)));
  }

  Read<EventDocument> event(long eventId) {
    return read(singleEvents, eventId, () -> findEvent(eventId));
  }

  private Read<EventDocument> findEvent(long eventId) {
    try {
      return new Read.Found<>(information.document(catalog.get(eventId)));
    } catch (ApiException e) {
      if (e.code() == ErrorCode.EVENT_NOT_FOUND) {
        return new Read.NotFound<>();
      }
      throw e;
    }
  }

  /// Concurrent reads of one key share one load. A failed load is not cached.
  private static <K, T> Read<T> read(AsyncCache<K, Read<T>> cache, K key, Supplier<Read<T>> load) {
    try {
      return cache
          .get(key, (k, executor) -> CompletableFuture.supplyAsync(load, executor))
          .get(MAX_DELAY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException | RejectedExecutionException e) {
      return new Read.Unavailable<>();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Read.Unavailable<>();
    }
  }
}
