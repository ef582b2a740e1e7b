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

/// Trace context of a request across the processes, as a W3C `traceparent`. A message attribute of
/// the queue and the entry of the status store transport it. Only sampled requests have one.
public final class Traces {

  /// Name of the message attribute. Its value is one `traceparent` for each command of the message,
  /// in their order, separated by commas; empty for a command that is not sampled.
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

  /// Returns the `traceparent` of the current span; null if it is not sampled.
  public static String current() {
    return traceparent(Span.current());
  }

  /// Returns the `traceparent` of a span; null if it is not sampled.
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

  /// Splits the result of [#join].
  ///
  /// @param attribute null: the message has no such attribute, or its value is not text
  public static List<String> split(String attribute) {
    return attribute == null || attribute.isEmpty()
        ? List.of()
        : Arrays.stream(attribute.split(",", -1)).map(one -> one.isEmpty() ? null : one).toList();
  }

  /// Returns the span context of a `traceparent`; an invalid context if it is null or unreadable.
  public static SpanContext parse(String traceparent) {
    return Span.fromContext(parent(traceparent)).getSpanContext();
  }

  /// Returns a builder of a child span of the span with this `traceparent`.
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
    try (var _ = span.makeCurrent()) {
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
