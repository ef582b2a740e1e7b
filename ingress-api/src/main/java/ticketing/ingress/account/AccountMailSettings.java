package ticketing.ingress.account;

import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Mails to the owners of accounts.
///
/// @param requireConfirmation true: accounts with an unconfirmed email cannot book
/// @param resetLifetime validity of a token that resets a password
/// @param confirmationLifetime validity of a token that confirms an email
/// @param pageUri public address of the web page, for the links in mails
@Validated
@ConfigurationProperties("ticketing.account-mails")
record AccountMailSettings(
    @DefaultValue("false") boolean requireConfirmation,
    @NotNull @DurationMin(minutes = 1) @DefaultValue("30m") Duration resetLifetime,
    @NotNull @DurationMin(hours = 1) @DefaultValue("48h") Duration confirmationLifetime,
    @NotNull @DefaultValue("http://localhost:8080") URI pageUri) {}
