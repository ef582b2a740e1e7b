package ticketing.ingress.security;

import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Cache of verified access tokens.
///
/// @param maxTokens verified tokens in memory (about 1 KB each); a signature check costs 0.05 to
///   0.3 ms of one processor
@Validated
@ConfigurationProperties("ticketing.access.cache")
record TokenCacheSettings(@Min(0) @DefaultValue("20000") int maxTokens) {}
