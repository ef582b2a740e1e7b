package ticketing.tracing;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/// The thread of one request through all processes. Between them it travels as a W3C `traceparent`:
/// in an attribute of the queue's message, and with the decision on the ticket board. Only requests
/// that are sampled have one, so the others cost nothing, and none has while tracing is off.
public final class Traces {

  /// Name of the message attribute: one `traceparent` for each command of the message, in their
  /// order, separated by commas; nothing for a command that is not sampled.
  public static final String ATTRIBUTE = "traceparent";

  private static final TextMapGetter<String> GETTER =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(String traceparent) {
          return List.of(ATTRIBUTE);
        }

        @Override
        public String get(String traceparent, String key) {
          return ATTRIBUTE.equals(key) ? traceparent : null;
        }
      };

  private final Tracer tracer;

  public Traces(OpenTelemetry telemetry) {
    this.tracer = telemetry.getTracer("ticketing");
  }

  /// The `traceparent` of what this thread works on; null if it is not sampled.
  public static String current() {
    return traceparent(Span.current());
  }

  /// The `traceparent` of a span; null if it is not sampled.
  public static String traceparent(Span span) {
    if (!span.getSpanContext().isSampled()) {
      return null;
    }
    Map<String, String> carrier = HashMap.newHashMap(2);
    W3CTraceContextPropagator.getInstance().inject(Context.root().with(span), carrier, Map::put);
    return carrier.get(ATTRIBUTE);
  }

  /// @param traceparents null: not sampled
  /// @return the message attribute; empty if none is sampled
  public static String join(List<String> traceparents) {
    return traceparents.stream().allMatch(Objects::isNull)
        ? ""
        : traceparents.stream()
            .map(one -> Objects.requireNonNullElse(one, ""))
            .collect(Collectors.joining(","));
  }

  /// The opposite of [#join]; empty if the attribute is.
  ///
  /// @param attribute null: there is none, or it is no text
  public static List<String> split(String attribute) {
    return attribute == null || attribute.isEmpty()
        ? List.of()
        : Arrays.stream(attribute.split(",", -1)).map(one -> one.isEmpty() ? null : one).toList();
  }

  /// What a `traceparent` points to; something invalid if it is null or cannot be read.
  public static SpanContext parse(String traceparent) {
    return Span.fromContext(parent(traceparent)).getSpanContext();
  }

  /// A span to be started below the one that this `traceparent` points to.
  public SpanBuilder childSpan(String traceparent, String name) {
    return tracer.spanBuilder(name).setParent(parent(traceparent));
  }

  /// Runs the work, within a span of this name if the `traceparent` is not null.
  public void runInSpan(String traceparent, String name, Runnable work) {
    if (traceparent == null) {
      work.run();
      return;
    }
    Span span = childSpan(traceparent, name).startSpan();
    try (var scope = span.makeCurrent()) {
      work.run();
    } finally {
      span.end();
    }
  }

  private static Context parent(String traceparent) {
    return traceparent == null
        ? Context.root()
        : W3CTraceContextPropagator.getInstance().extract(Context.root(), traceparent, GETTER);
  }
}
