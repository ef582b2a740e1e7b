package ticketing.redis;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// How to reach Redis, and for how long to wait for it.
///
/// @param addresses `redis://host:port` or `rediss://host:port` (TLS); several for a cluster
/// @param cluster the addresses are nodes of a Redis cluster
/// @param password empty: none
/// @param timeout longest wait for one answer
/// @param attempts how often a call is tried again after its first failure
/// @param pause how long no call is made after Redis has failed repeatedly, so that nobody waits
///   for a server that is known to be down
/// @param connections most connections to one node
@Validated
@ConfigurationProperties("ticketing.redis")
public record RedisSettings(
    @NotEmpty @DefaultValue("redis://127.0.0.1:6379") List<String> addresses,
    @DefaultValue("false") boolean cluster,
    @DefaultValue("") String password,
    @DefaultValue("1s") Duration timeout,
    @Min(0) @Max(5) @DefaultValue("1") int attempts,
    @DefaultValue("1s") Duration pause,
    @Min(1) @Max(256) @DefaultValue("16") int connections) {}
