package ticketing.ingress.account;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.security.AuthenticatedUser;

/// Refuses bookings of accounts with an unconfirmed email, if the setting requires confirmation. A
/// user of a foreign issuer has no account here and is not affected.
///
/// A confirmation is permanent, so each process reads it once for a user.
@Configuration(proxyBeanMethods = false)
class ConfirmedEmailInterceptor implements HandlerInterceptor, WebMvcConfigurer {

  private static final int MAX_CACHED_USERS = 200_000;

  private final AccountService accounts;
  private final AccountMails mails;
  private final Cache<String, Boolean> confirmed =
      Caffeine.newBuilder().maximumSize(MAX_CACHED_USERS).build();

  ConfirmedEmailInterceptor(AccountService accounts, AccountMails mails) {
    this.accounts = accounts;
    this.mails = mails;
  }

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    if (mails.requiresConfirmation()) {
      registry.addInterceptor(this).addPathPatterns("/api/v1/reservations", "/api/v1/waiting-list");
    }
  }

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
    if (HttpMethod.POST.matches(request.getMethod())
        && authentication != null
        && authentication.getPrincipal() instanceof AuthenticatedUser user
        && confirmed.getIfPresent(user.userId()) == null) {
      if (!accounts.mayBook(user.userId())) {
        throw ApiException.of(
            ErrorCode.EMAIL_NOT_CONFIRMED, "Confirm the email of the account first.");
      }
      confirmed.put(user.userId(), Boolean.TRUE);
    }
    return true;
  }
}
