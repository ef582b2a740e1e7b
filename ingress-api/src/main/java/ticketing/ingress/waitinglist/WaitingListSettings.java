package ticketing.ingress.waitinglist;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of the positions in waiting lists.
///
/// @param maxExactPosition highest position that is counted for each request; higher ones are read
///   from a snapshot
/// @param snapshotTtl limit of the age of a snapshot
/// @param maxSnapshotEntries waiting entries in all snapshots of a process, of 8 bytes each
@Validated
@ConfigurationProperties("ticketing.waiting-list")
record WaitingListSettings(
    @Min(1) @Max(100_000) @DefaultValue("1000") int maxExactPosition,
    @NotNull @DefaultValue("1s") Duration snapshotTtl,
    @Min(1) @Max(100_000_000) @DefaultValue("5000000") int maxSnapshotEntries) {}
