package ticketing.warmup;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Warm-up of a process.
///
/// @param mode `before-ready`, `background` (the process is ready during the warm-up) or `off`; the
///   images set `before-ready`
/// @param maxDuration the warm-up ends after this time at the latest
/// @param maxRuns maximum runs of each task
/// @param threads tasks that run concurrently
/// @param maxFailures a task ends after this number of failed runs in a row
@Validated
@ConfigurationProperties("ticketing.warm-up")
public record WarmUpSettings(
    @NotNull @DefaultValue("off") Mode mode,
    @NotNull @DurationMin(millis = 100) @DefaultValue("15s") Duration maxDuration,
    @Min(1) @Max(1_000_000) @DefaultValue("20000") int maxRuns,
    @Min(1) @Max(256) @DefaultValue("8") int threads,
    @Min(1) @Max(10_000) @DefaultValue("50") int maxFailures) {

  /// Time of the warm-up relative to readiness.
  public enum Mode {
    BEFORE_READY,
    BACKGROUND,
    OFF
  }
}
