package ticketing.ingress.account;

import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import java.util.List;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.text.CodePoints;
import ticketing.security.Role;

/// Operator calls for accounts.
@RestController
@RequestMapping(path = "/api/v1/operations/users", produces = MediaType.APPLICATION_JSON_VALUE)
class UserAdminController {

  private final AccountService accounts;

  UserAdminController(AccountService accounts) {
    this.accounts = accounts;
  }

  /// @param content the account, or empty
  record UserList(List<User> content) {}

  @GetMapping
  UserList find(@RequestParam @CodePoints(min = 1, max = 254) String email) {
    return new UserList(accounts.findByEmail(email).stream().toList());
  }

  record RoleChange(@NotNull Role role) {}

  /// The access tokens of the user are revoked, because they contain the role.
  @PutMapping("/{userId}/role")
  User changeRole(@PathVariable String userId, @Valid @RequestBody RoleChange request) {
    return accounts.changeRole(userId, request.role());
  }
}
