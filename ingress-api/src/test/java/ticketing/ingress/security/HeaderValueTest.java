package ticketing.ingress.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HeaderValueTest {

  /// Rule of Spring Security's firewall.
  private static final Pattern DEFAULT =
      Pattern.compile("[\\p{IsAssigned}&&[[^\\p{IsControl}]||\\t]]*");

  @Test
  void ruleEqualsTheDefault() {
    assertThat(IntStream.rangeClosed(0, Character.MAX_CODE_POINT))
        .allSatisfy(character -> {
          String value = "Bearer " + Character.toString(character);
          assertThat(SecurityConfiguration.isAllowedHeaderValue(value))
              .isEqualTo(DEFAULT.matcher(value).matches());
        });
  }
}
