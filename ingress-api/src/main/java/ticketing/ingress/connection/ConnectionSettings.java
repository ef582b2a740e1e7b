package ticketing.ingress.connection;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Deadlines of requests.
///
/// @param requestTimeout maximum time from the first byte of the head to the complete body; then
///   408
/// @param eventRequestTimeout the same for a request of an administrator that creates or changes an
///   event; its head has the other limit
@Validated
@ConfigurationProperties("ticketing.connection")
public record ConnectionSettings(
    @NotNull @DurationMin(millis = 100) @DefaultValue("5s") Duration requestTimeout,
    @NotNull @DurationMin(millis = 100) @DefaultValue("30s") Duration eventRequestTimeout) {}
