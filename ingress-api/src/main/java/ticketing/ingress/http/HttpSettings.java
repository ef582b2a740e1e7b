package ticketing.ingress.http;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// Limits of the HTTP server.
///
/// @param maxBodySize of a request
/// @param corsOrigins origins whose pages may call the API, such as `https://shop.example`; empty:
///   only the pages of this process
/// @param maxConcurrentRequests processed concurrently, without waiting long polls; further ones
///   queue
/// @param maxReceivedRequests requests with a complete head that are received, queued or processed;
///   in a small heap fewer, 64 KiB of a quarter of it for each
/// @param maxEventBodySize of a request of an administrator that creates or changes an event
/// @param maxPosterBodySize of a request of an administrator with the image of a poster
/// @param queueTimeout maximum time of a complete request in the queue; then 503
@Validated
@ConfigurationProperties("ticketing.http")
public record HttpSettings(
    @NotNull @DefaultValue("16KB") DataSize maxBodySize,
    @NotNull @DefaultValue List<@Pattern(regexp = "https?://[^/\\s,*]+") String> corsOrigins,
    @Min(1) @Max(20_000) @DefaultValue("600") int maxConcurrentRequests,
    @Min(1) @Max(20_000) @DefaultValue("4000") int maxReceivedRequests,
    @NotNull @DefaultValue("8MB") DataSize maxEventBodySize,
    @NotNull @DefaultValue("2MB") DataSize maxPosterBodySize,
    @NotNull @DefaultValue("20s") Duration queueTimeout) {}
