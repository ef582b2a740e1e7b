package ticketing.ingress.event;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import tools.jackson.databind.json.JsonMapper;

/// Writes events as JSON and caches the last JSON of each one. During a sale, thousands of reads a
/// second return the same locally cached event.
@Component
class CachingEventMessageConverter extends AbstractHttpMessageConverter<EventView> {

  /// @param event the written object, compared by identity
  private record CachedJson(EventView event, byte[] json) {}

  private final JsonMapper mapper;
  private final Cache<Long, CachedJson> cache;

  CachingEventMessageConverter(JsonMapper mapper, EventSettings settings) {
    super(MediaType.APPLICATION_JSON);
    this.mapper = mapper;
    this.cache = Caffeine.newBuilder().maximumSize(settings.localCacheSize()).build();
  }

  @Override
  protected boolean supports(Class<?> type) {
    return type == EventView.class;
  }

  @Override
  public boolean canRead(Class<?> type, MediaType media) {
    return false;
  }

  @Override
  protected EventView readInternal(Class<? extends EventView> type, HttpInputMessage input) {
    throw new UnsupportedOperationException("events are never read");
  }

  @Override
  protected Long getContentLength(EventView event, MediaType media) {
    return (long) json(event).length;
  }

  @Override
  protected void writeInternal(EventView event, HttpOutputMessage output) throws IOException {
    output.getBody().write(json(event));
  }

  private byte[] json(EventView event) {
    CachedJson last = cache.getIfPresent(event.eventId());
    if (last == null || last.event() != event) {
      last = new CachedJson(event, mapper.writeValueAsBytes(event));
      cache.put(event.eventId(), last);
    }
    return last.json();
  }
}
