package ticketing.simulation.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySourcesPropertyResolver;
import org.springframework.core.io.UrlResource;

/// Settings of one kind of process: its `application.yaml`, with shorter times. Jobs that a quiet
/// system repeats run less often, because their steps are most of a run.
final class ProcessSettings {

  private static final Map<String, Object> WORKER_CHANGES =
      Map.ofEntries(
          Map.entry("ticketing.worker.pipeline.pollers", "2"),
          Map.entry("ticketing.worker.pipeline.retry-for", "10s"),
          Map.entry("ticketing.worker.pipeline.stop-timeout", "4s"),
          Map.entry("ticketing.worker.maintenance.hold-expiry-interval", "3s"),
          Map.entry("ticketing.worker.waiting-line.recovery-interval", "4s"),
          Map.entry("ticketing.send-register.lease", "8s"),
          Map.entry("ticketing.clock.interval", "20s"),
          Map.entry("ticketing.worker.pipeline.max-batch-size", "5"),
          Map.entry("ticketing.worker.pipeline.small-batch-size", "2"),
          Map.entry("ticketing.worker.pipeline.hold-expiry-batch-size", "2"),
          Map.entry("ticketing.worker.queue.undecided-delay", "1s"),
          Map.entry("ticketing.worker.queue.max-delay", "5s"),
          Map.entry("ticketing.worker.waiting-line.min-check-age", "5s"),
          Map.entry("ticketing.worker.waiting-line.max-undecided-age", "60s"),
          Map.entry("ticketing.worker.waiting-line.empty-queue-time", "20s"),
          Map.entry("ticketing.worker.maintenance.dead-letter-interval", "3s"),
          Map.entry("ticketing.worker.maintenance.dead-letter-reread-interval", "10s"));

  /// Settings of a worker by its maximum number of concurrent batches.
  private static final Map<Integer, ProcessSettings> WORKERS = Map.of(1, worker(1), 2, worker(2));

  static final ProcessSettings INGRESS =
      new ProcessSettings(
          "ingress-api",
          Map.of(
              "ticketing.queue.timeout", "5s",
              "ticketing.clock.interval", "20s",
              "ticketing.send-register.lease", "8s"));

  private static ProcessSettings worker(int maxConcurrentBatches) {
    Map<String, Object> changes = new HashMap<>(WORKER_CHANGES);
    changes.put("ticketing.worker.pipeline.max-concurrent-batches", maxConcurrentBatches);
    return new ProcessSettings("booking-worker", changes);
  }

  /// @param maxConcurrentBatches 1 or 2
  static ProcessSettings ofWorker(int maxConcurrentBatches) {
    return WORKERS.get(maxConcurrentBatches);
  }

  private final Binder binder;
  private final PropertySourcesPropertyResolver resolver;
  private final Map<Class<?>, Object> bound = new ConcurrentHashMap<>();

  private ProcessSettings(String module, Map<String, Object> changes) {
    MutablePropertySources sources = new MutablePropertySources();
    sources.addLast(new MapPropertySource("simulation", changes));
    try {
      for (URL url :
          Collections.list(
              ProcessSettings.class
                  .getClassLoader()
                  .getParent()
                  .getResources("application.yaml"))) {
        if (url.getPath().contains(module)) {
          new YamlPropertySourceLoader()
              .load(module, new UrlResource(url))
              .forEach(sources::addLast);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (sources.size() < 2) {
      throw new IllegalStateException("no settings of " + module);
    }
    this.binder =
        new Binder(
            ConfigurationPropertySources.from(sources),
            new PropertySourcesPlaceholdersResolver(sources));
    this.resolver = new PropertySourcesPropertyResolver(sources);
  }

  <T> T get(Class<T> type) {
    return type.cast(
        bound.computeIfAbsent(
            type,
            unused -> {
              String prefix = type.getAnnotation(ConfigurationProperties.class).value();
              return binder.bindOrCreate(prefix, type);
            }));
  }

  Duration duration(String placeholder) {
    return DurationStyle.detectAndParse(resolver.resolveRequiredPlaceholders(placeholder));
  }
}
