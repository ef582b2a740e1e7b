package ticketing.worker.pipeline;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Scope;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import ticketing.tracing.Traces;

/// The spans of one group: one `decide` for each sampled command, below the request that sent it,
/// and one `commit group` for what is done for all of them at once. As that has many parents, it
/// stands below the first and links to all; each `decide` links to it.
///
/// Of a group without sampled commands there is nothing.
final class BatchTrace implements AutoCloseable {

  private static final BatchTrace NONE = new BatchTrace(Map.of(), null, null);

  private final Map<UUID, Span> decisions;
  private final Span group;
  private final Scope scope;

  private BatchTrace(Map<UUID, Span> decisions, Span group, Scope scope) {
    this.decisions = decisions;
    this.group = group;
    this.scope = scope;
  }

  /// Starts the spans; the group's is the current one of this thread until [#close()].
  ///
  /// @param sampled the `traceparent` of each command that has one, by ticket id
  /// @param size commands in the group
  static BatchTrace start(Traces traces, long eventId, int size, Map<UUID, String> sampled) {
    if (sampled.isEmpty()) {
      return NONE;
    }
    SpanBuilder builder =
        traces
            .childSpan(sampled.values().iterator().next(), "commit group")
            .setAttribute("ticketing.event", eventId)
            .setAttribute("ticketing.group.size", (long) size);
    sampled.values().forEach(parent -> builder.addLink(Traces.parse(parent)));
    Span group = builder.startSpan();
    Map<UUID, Span> decisions = LinkedHashMap.newLinkedHashMap(sampled.size());
    sampled.forEach(
        (ticketId, parent) ->
            decisions.put(
                ticketId,
                traces
                    .childSpan(parent, "decide")
                    .setSpanKind(SpanKind.CONSUMER)
                    .setAttribute("ticketing.ticket", ticketId.toString())
                    .addLink(group.getSpanContext())
                    .startSpan()));
    return new BatchTrace(decisions, group, group.makeCurrent());
  }

  /// The `traceparent` for whoever tells of this decision; null if it is not sampled.
  String of(UUID ticketId) {
    Span decision = decisions.get(ticketId);
    return decision == null ? null : Traces.traceparent(decision);
  }

  @Override
  public void close() {
    if (group != null) {
      scope.close();
      decisions.values().forEach(Span::end);
      group.end();
    }
  }
}
