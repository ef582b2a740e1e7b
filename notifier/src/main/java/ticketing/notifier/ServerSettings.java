package ticketing.notifier;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of the WebSocket endpoints.
///
/// @param allowedOrigins patterns of the permitted origins
/// @param maxConcurrentRequests maximum number of handshakes and client frames processed at the
///   same time; further ones stay unread in the socket
@Validated
@ConfigurationProperties("ticketing.notifier.server")
record ServerSettings(
    @NotEmpty @DefaultValue("*") List<String> allowedOrigins,
    @Min(10) @Max(100_000) @DefaultValue("300") int maxConcurrentRequests) {}
