package ticketing.ingress.page;

import jakarta.validation.Valid;
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
    @NotNull @Pattern(regexp = "[A-Z]{3}") @DefaultValue("KRW") String currency,
    @NotNull @Valid @DefaultValue Legal legal) {

  /// Details that a shop shows in the footer. An empty value is not shown.
  ///
  /// @param operator name of the company
  /// @param representative name of the representative
  /// @param registration business registration number
  /// @param mailOrder number of the mail-order registration
  /// @param address address of the company
  /// @param phone phone number
  /// @param email email address
  /// @param termsUrl `https://` address of the terms of sale
  /// @param privacyUrl `https://` address of the privacy policy
  record Legal(
      @NotNull @DefaultValue("") String operator,
      @NotNull @DefaultValue("") String representative,
      @NotNull @DefaultValue("") String registration,
      @NotNull @DefaultValue("") String mailOrder,
      @NotNull @DefaultValue("") String address,
      @NotNull @DefaultValue("") String phone,
      @NotNull @DefaultValue("") String email,
      @NotNull @Pattern(regexp = "|https://[^\\s<>]+") @DefaultValue("") String termsUrl,
      @NotNull @Pattern(regexp = "|https://[^\\s<>]+") @DefaultValue("") String privacyUrl) {}
}
