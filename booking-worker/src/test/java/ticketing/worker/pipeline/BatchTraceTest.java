package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import ticketing.tracing.Traces;

class BatchTraceTest {

  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final OpenTelemetry telemetry =
      OpenTelemetrySdk.builder()
          .setTracerProvider(
              SdkTracerProvider.builder()
                  .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                  .build())
          .build();
  private final Traces traces = new Traces(telemetry);

  @Test
  void batchSpanLinksToItsRequests() {
    Map<UUID, String> sampled = new LinkedHashMap<>();
    List<SpanContext> requests = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Span request = telemetry.getTracer("client").spanBuilder("POST").setNoParent().startSpan();
      request.end();
      requests.add(request.getSpanContext());
      sampled.put(UUID.randomUUID(), Traces.traceparent(request));
    }
    exporter.reset();

    UUID first = sampled.keySet().iterator().next();
    String traceparent;
    SpanContext current;
    try (BatchTrace trace = BatchTrace.start(traces, List.of(7L), 5, sampled)) {
      traceparent = trace.traceparent(first);
      assertThat(trace.traceparent(UUID.randomUUID())).isNull();
      // Log lines contain the current span.
      current = Span.current().getSpanContext();
    }

    SpanData batch = spans("commit batch").getFirst();
    assertThat(current).isEqualTo(batch.getSpanContext());
    assertThat(batch.getLinks())
        .extracting(LinkData::getSpanContext)
        .map(SpanContext::getSpanId)
        .containsExactlyElementsOf(requests.stream().map(SpanContext::getSpanId).toList());
    assertThat(spans("decide"))
        .extracting(SpanData::getParentSpanId)
        .containsExactlyElementsOf(requests.stream().map(SpanContext::getSpanId).toList());
    assertThat(spans("decide"))
        .extracting(SpanData::getTraceId)
        .containsExactlyElementsOf(requests.stream().map(SpanContext::getTraceId).toList());
    assertThat(spans("decide"))
        .allSatisfy(decide ->
            assertThat(decide.getLinks().getFirst().getSpanContext().getSpanId())
                .isEqualTo(batch.getSpanId()));
    assertThat(Traces.parse(traceparent).getSpanId())
        .isEqualTo(spans("decide").getFirst().getSpanId());
  }

  @Test
  void batchWithoutSampledCommandsHasNoSpans() {
    try (BatchTrace trace = BatchTrace.start(traces, List.of(7L), 5, Map.of())) {
      assertThat(trace.traceparent(UUID.randomUUID())).isNull();
      assertThat(Traces.current()).isNull();
    }
    assertThat(exporter.getFinishedSpanItems()).isEmpty();
  }

  @Test
  void unreadableTraceparentStartsANewTrace() {
    UUID ticket = UUID.randomUUID();
    try (BatchTrace trace = BatchTrace.start(traces, List.of(7L), 1, Map.of(ticket, "nonsense"))) {
      assertThat(Traces.parse(trace.traceparent(ticket)).isValid()).isTrue();
    }
  }

  private List<SpanData> spans(String name) {
    return exporter.getFinishedSpanItems().stream()
        .filter(span -> span.getName().equals(name))
        .toList();
  }
}
