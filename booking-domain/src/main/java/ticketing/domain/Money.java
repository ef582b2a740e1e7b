package ticketing.domain;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Pattern;

/// An amount without a currency: two decimals, 0.00 to 99999999.99 (DECIMAL(10,2) of the schema).
/// In JSON it is a string, because some clients lose digits of a JSON number.
public record Money(BigDecimal amount) {

  /// Text form of an amount, as a regular expression.
  public static final String FORM = "\\d{1,8}(\\.\\d{1,2})?";

  /// Number of decimals.
  public static final int SCALE = 2;

  private static final Pattern PATTERN = Pattern.compile(FORM);
  private static final BigDecimal MAX = new BigDecimal("99999999.99");

  /// @throws IllegalArgumentException if negative, above the maximum or with more than two decimals
  public Money {
    try {
      amount = amount.setScale(SCALE, RoundingMode.UNNECESSARY);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("an amount has at most two decimals", e);
    }
    if (amount.signum() < 0 || amount.compareTo(MAX) > 0) {
      throw new IllegalArgumentException("an amount is between 0.00 and " + MAX);
    }
  }

  /// @throws IllegalArgumentException if the text is not digits with at most two decimals
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Money of(String text) {
    if (text == null || !PATTERN.matcher(text).matches()) {
      throw new IllegalArgumentException("an amount is a decimal string such as \"55000.00\"");
    }
    return new Money(new BigDecimal(text));
  }

  public Money multiply(int quantity) {
    return new Money(amount.multiply(BigDecimal.valueOf(quantity)));
  }

  /// Returns the amount of which `quantity` make this one.
  ///
  /// @throws ArithmeticException if there is no such amount with two decimals
  public Money divide(int quantity) {
    return new Money(
        amount.divide(BigDecimal.valueOf(quantity), amount.scale(), RoundingMode.UNNECESSARY));
  }

  @Override
  @JsonValue
  public String toString() {
    return amount.toPlainString();
  }
}
