package ticketing.ingress.text;

import jakarta.validation.Constraint;
import jakarta.validation.Payload;
import jakarta.validation.ReportAsSingleViolation;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Requires a character that is neither whitespace nor an ASCII control character. Null is invalid.
///
/// The OpenAPI document states the same rule as a pattern. Bean Validation's `NotBlank` accepts
/// some control characters, so no portable pattern describes it.
@NotNull
@Pattern(regexp = NotBlankText.REGEXP)
@ReportAsSingleViolation
@Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Constraint(validatedBy = {})
public @interface NotBlankText {

  String REGEXP =
      "(?s).*[^\\x00-\\x20\\u1680\\u2000-\\u2006\\u2008-\\u200a\\u2028\\u2029\\u205f\\u3000].*";

  String message() default MESSAGE;

  String MESSAGE = "must not be blank";

  Class<?>[] groups() default {};

  Class<? extends Payload>[] payload() default {};
}
