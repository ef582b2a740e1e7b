package ticketing.ingress.page;

import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of the static pages.
///
/// @param notifierUrl `ws://` or `wss://` address of the notifier; empty: the address of the page
/// @param currency ISO 4217 code of the displayed prices
@Validated
@ConfigurationProperties("ticketing.pages")
record PageSettings(
    @NotNull @Pattern(regexp = "|wss?://[^\\s;,/]+") @DefaultValue("") String notifierUrl,
    @NotNull @Pattern(regexp = "[A-Z]{3}") @DefaultValue("KRW") String currency) {}
