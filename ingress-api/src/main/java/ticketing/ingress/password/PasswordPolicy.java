package ticketing.ingress.password;

import com.nulabinc.zxcvbn.StandardDictionaries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Refuses passwords that attackers try first: the 30,000 most common ones, and those that consist
/// of a part of the email or the name with fewer than 4 further characters. Letters are compared
/// without case.
public final class PasswordPolicy {

  private static final int MIN_OTHER_CHARACTERS = 4;

  /// The first use loads the list, which takes about 20 ms and 1 MB.
  private static final class Common {
    static final Set<String> PASSWORDS = load();
  }

  private static Set<String> load() {
    try {
      return new HashSet<>(StandardDictionaries.PASSWORDS_LOADER.load().getFrequencies());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private PasswordPolicy() {}

  /// Returns the reason of a refusal.
  public static Optional<String> refusal(String password, String email, String name) {
    if (!PasswordHasher.isWithinMaxBytes(password)) {
      return Optional.of("must be at most " + PasswordHasher.MAX_PASSWORD_BYTES + " bytes");
    }
    String lower = password.toLowerCase(Locale.ROOT);
    if (Common.PASSWORDS.contains(lower)) {
      return Optional.of("is one of the most common passwords");
    }
    String address = email.toLowerCase(Locale.ROOT);
    int at = address.lastIndexOf('@');
    boolean personal =
        Stream.of(
                address,
                address.substring(0, Math.max(at, 0)),
                address.substring(at + 1),
                name.toLowerCase(Locale.ROOT))
            .anyMatch(part -> consistsOf(lower, part));
    return personal ? Optional.of("must differ from the email and the name") : Optional.empty();
  }

  private static boolean consistsOf(String password, String part) {
    return !part.isEmpty()
        && password.contains(part)
        && password.length() - part.length() < MIN_OTHER_CHARACTERS;
  }
}
