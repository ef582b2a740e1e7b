package ticketing.ingress.event;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;
import org.springframework.stereotype.Component;
import ticketing.ingress.information.EventDocument;
import tools.jackson.databind.json.JsonMapper;

/// Writes events as JSON and caches the last JSON of each one. During a sale, thousands of reads a
/// second return the same locally cached event.
@Component
class CachingEventMessageConverter extends AbstractHttpMessageConverter<EventDocument> {

  /// @param document the written objects, compared by identity
  private record CachedJson(EventDocument document, byte[] json) {

    boolean isOf(EventDocument other) {
      return document.event() == other.event() && document.information() == other.information();
    }
  }

  private final JsonMapper mapper;
  private final Cache<Long, CachedJson> cache;

  CachingEventMessageConverter(JsonMapper mapper, EventSettings settings) {
    super(MediaType.APPLICATION_JSON);
    this.mapper = mapper;
    this.cache = Caffeine.newBuilder().maximumSize(settings.localCacheSize()).build();
  }

  @Override
  protected boolean supports(Class<?> type) {
    return type == EventDocument.class;
  }

  @Override
  public boolean canRead(Class<?> type, MediaType media) {
    return false;
  }

  @Override
  protected EventDocument readInternal(
      Class<? extends EventDocument> type, HttpInputMessage input) {
    throw new UnsupportedOperationException("events are never read");
  }

  @Override
  protected Long getContentLength(EventDocument document, MediaType media) {
    return (long) json(document).length;
  }

  @Override
  protected void writeInternal(EventDocument document, HttpOutputMessage output)
      throws IOException {
    output.getBody().write(json(document));
  }

  private byte[] json(EventDocument document) {
    long eventId = document.event().eventId();
    CachedJson last = cache.getIfPresent(eventId);
    if (last == null || !last.isOf(document)) {
      last = new CachedJson(document, mapper.writeValueAsBytes(document));
      cache.put(eventId, last);
    }
    return last.json();
  }
}
