package ticketing.ingress.sales;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of the sales of an event.
///
/// @param ttl limit of the age of the figures of an event
/// @param curvePoints points of the course of a sale
/// @param maxCountedDecisions newest decisions, and newest reservations, of an event that are
///   counted for its rejections and its forecast
/// @param maxExportedRows reservations in one CSV file; an event with more is refused
/// @param exportChunk reservations that one query of an export reads
/// @param maxExports concurrent exports of a process
@Validated
@ConfigurationProperties("ticketing.sales")
record SalesSettings(
    @NotNull @DurationMin(millis = 1) @DefaultValue("5s") Duration ttl,
    @Min(2) @Max(1_000) @DefaultValue("120") int curvePoints,
    @Min(0) @Max(1_000_000) @DefaultValue("50000") int maxCountedDecisions,
    @Min(1) @Max(1_000_000) @DefaultValue("100000") int maxExportedRows,
    @Min(1) @Max(10_000) @DefaultValue("1000") int exportChunk,
    @Min(1) @Max(10) @DefaultValue("2") int maxExports) {}
