package ticketing.ingress.account;

import java.util.Optional;
import org.springframework.stereotype.Component;

/// Names of users, for other packages.
@Component
public class AccountNames {

  private final AccountService accounts;

  AccountNames(AccountService accounts) {
    this.accounts = accounts;
  }

  /// Returns the name, or empty if a foreign issuer manages the account.
  public Optional<String> find(String userId) {
    return accounts.find(userId).map(User::name);
  }
}
