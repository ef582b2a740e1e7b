package ticketing.ingress.operations;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of the simulated on-sale (local profile).
///
/// @param buyers number of buyers; each sends one booking
/// @param seats seats of the event; fewer than buyers sells it out
/// @param connections concurrent requests
/// @param arrival period in which the buyers arrive
/// @param longest maximum duration; later bookings are not sent
@Validated
@ConfigurationProperties("ticketing.simulation")
record SimulationSettings(
    @Min(1) @Max(100_000) @DefaultValue("6000") int buyers,
    @Min(1) @Max(100_000) @DefaultValue("2000") int seats,
    @Min(1) @Max(256) @DefaultValue("48") int connections,
    @NotNull @DefaultValue("12s") Duration arrival,
    @NotNull @DefaultValue("60s") Duration longest) {}
