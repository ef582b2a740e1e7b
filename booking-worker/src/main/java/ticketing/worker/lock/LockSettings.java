package ticketing.worker.lock;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Redis lock of an event.
///
/// @param enabled false: only the row lock serializes the decisions; correctness does not depend on
///   the Redis lock
/// @param maxWait maximum time until the lock is acquired; then the row lock alone decides
/// @param lease time after which the lock of a crashed holder expires; longer than
///   `ticketing.worker.store.transaction-timeout`
/// @param bypassTime time after a failed wait for which the row lock of the event alone decides
@Validated
@ConfigurationProperties("ticketing.worker.lock")
record LockSettings(
    boolean enabled,
    @NotNull @DurationMin(millis = 1) Duration maxWait,
    @NotNull Duration lease,
    @NotNull @DurationMin(millis = 0) @DefaultValue("30s") Duration bypassTime) {}
