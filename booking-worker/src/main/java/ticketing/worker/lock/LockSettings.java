package ticketing.worker.lock;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Redis lock of an event.
///
/// @param enabled false: only the row lock serializes the decisions; correctness does not depend on
///   the Redis lock
/// @param maxWait maximum time until the lock is acquired
/// @param lease time after which the lock of a crashed holder expires; longer than
///   `ticketing.worker.store.transaction-timeout`
@Validated
@ConfigurationProperties("ticketing.worker.lock")
record LockSettings(boolean enabled, @NotNull Duration maxWait, @NotNull Duration lease) {}
