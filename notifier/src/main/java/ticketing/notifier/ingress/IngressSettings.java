package ticketing.notifier.ingress;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Access to ingress-api.
///
/// @param url base URL of ingress-api, without `/api/v1`
/// @param timeout maximum time to connect, and maximum time of one request
/// @param maxConcurrentCalls maximum number of requests at the same time
@Validated
@ConfigurationProperties("ticketing.notifier.ingress")
record IngressSettings(
    @NotNull @DefaultValue("http://127.0.0.1:8080") URI url,
    @NotNull @DurationMin(millis = 100) @DurationMax(seconds = 30) @DefaultValue("3s")
        Duration timeout,
    @Min(1) @Max(256) @DefaultValue("16") int maxConcurrentCalls) {}
