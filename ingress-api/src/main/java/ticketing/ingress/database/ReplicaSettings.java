package ticketing.ingress.database;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of reads from replicas.
///
/// @param readerTimeout limit of a read from a replica, after which the primary is read
/// @param readerPause time without reads from replicas after repeated failures
@Validated
@ConfigurationProperties("ticketing.database")
record ReplicaSettings(
    @NotNull @DefaultValue("2s") Duration readerTimeout,
    @NotNull @DefaultValue("5s") Duration readerPause) {}
