package ticketing.worker.pipeline;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Scope;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.tracing.Traces;

/// Spans of one batch: one `decide` for each sampled command, as a child of its request, and one
/// `commit batch` for the transaction. The latter is a child of the first request and links to all
/// requests; each `decide` links to it. A batch without sampled commands has no spans.
final class BatchTrace implements AutoCloseable {

  private static final AttributeKey<List<Long>> EVENTS =
      AttributeKey.longArrayKey("ticketing.events");
  private static final BatchTrace NONE = new BatchTrace(Map.of(), null, null);

  private final Map<UUID, Span> decisions;
  private final Span batch;
  private final Scope scope;

  private BatchTrace(Map<UUID, Span> decisions, Span batch, Scope scope) {
    this.decisions = decisions;
    this.batch = batch;
    this.scope = scope;
  }

  /// Starts the spans. The span of the batch is the current span of this thread until [#close()].
  ///
  /// @param size number of commands of the batch
  /// @param sampled `traceparent` of each sampled command, by ticket id
  static BatchTrace start(
      Traces traces, Collection<Long> eventIds, int size, Map<UUID, String> sampled) {
    if (sampled.isEmpty()) {
      return NONE;
    }
    SpanBuilder builder =
        traces
            .childSpan(sampled.values().iterator().next(), "commit batch")
            .setAttribute(EVENTS, List.copyOf(eventIds))
            .setAttribute("ticketing.batch.size", (long) size);
    sampled.values().forEach(parent -> builder.addLink(Traces.parse(parent)));
    Span batch = builder.startSpan();
    Map<UUID, Span> decisions = LinkedHashMap.newLinkedHashMap(sampled.size());
    sampled.forEach((ticketId, parent) ->
        decisions.put(
            ticketId,
            traces
                .childSpan(parent, "decide")
                .setSpanKind(SpanKind.CONSUMER)
                .setAttribute("ticketing.ticket", ticketId.toString())
                .addLink(batch.getSpanContext())
                .startSpan()));
    return new BatchTrace(decisions, batch, batch.makeCurrent());
  }

  /// Returns the `traceparent` of a decision; null if it is not sampled.
  @Nullable String traceparent(UUID ticketId) {
    Span decision = decisions.get(ticketId);
    return decision == null ? null : Traces.traceparent(decision);
  }

  @Override
  public void close() {
    if (batch != null) {
      scope.close();
      decisions.values().forEach(Span::end);
      batch.end();
    }
  }
}
