package ticketing.redis;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Connection and limits of Redis.
///
/// @param addresses `redis://host:port` or `rediss://host:port` (TLS); several for a cluster
/// @param cluster the addresses are nodes of a Redis cluster
/// @param password empty: none
/// @param timeout time limit of one attempt
/// @param retries number of attempts after the first failed one
/// @param breakerOpenTime time for which calls fail immediately after repeated failures
/// @param connections maximum number of connections to one node
@Validated
@ConfigurationProperties("ticketing.redis")
public record RedisSettings(
    @NotEmpty @DefaultValue("redis://127.0.0.1:6379") List<String> addresses,
    @DefaultValue("false") boolean cluster,
    @DefaultValue("") String password,
    @DefaultValue("1s") Duration timeout,
    @Min(0) @Max(5) @DefaultValue("1") int retries,
    @DefaultValue("1s") Duration breakerOpenTime,
    @Min(1) @Max(256) @DefaultValue("16") int connections) {}
