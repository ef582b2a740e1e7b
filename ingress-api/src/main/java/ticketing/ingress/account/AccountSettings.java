package ticketing.ingress.account;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Accounts.
///
/// @param adminEmail email of the first administrator. The account becomes administrator at its
///   next sign-in, once, and not ahead of a required confirmation; empty: none
/// @param confirmAdminEmail true: the first administrator confirms the email by a mailed token,
///   which the log shows if no mail server is configured
/// @param cacheTtl lifetime of `user:{id}` in Redis
@Validated
@ConfigurationProperties("ticketing.accounts")
record AccountSettings(
    @NotNull @DefaultValue("") String adminEmail,
    @DefaultValue("true") boolean confirmAdminEmail,
    @NotNull @DefaultValue("10m") Duration cacheTtl) {}
