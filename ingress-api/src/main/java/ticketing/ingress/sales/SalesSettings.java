package ticketing.ingress.sales;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of the sales of an event.
///
/// @param ttl limit of the age of the figures of an event
/// @param curvePoints points of the course of a sale
/// @param maxRejections newest rejections of an event that are counted
/// @param maxExportedRows reservations in one CSV file
/// @param maxExports concurrent exports of a process
@Validated
@ConfigurationProperties("ticketing.sales")
record SalesSettings(
    @NotNull @DefaultValue("5s") Duration ttl,
    @Min(2) @Max(1_000) @DefaultValue("120") int curvePoints,
    @Min(0) @Max(1_000_000) @DefaultValue("50000") int maxRejections,
    @Min(1) @Max(1_000_000) @DefaultValue("100000") int maxExportedRows,
    @Min(1) @Max(10) @DefaultValue("2") int maxExports) {}
