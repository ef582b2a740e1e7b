package ticketing.ingress.security;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.server.resource.BearerTokenErrors;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;
import ticketing.ingress.problem.ProblemDetailAdvice;
import ticketing.security.Role;

/// Authorization rules for client requests. Sessions do not exist: each request is authenticated by
/// its bearer token.
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

  private static final RequestMatcher API = matcher(null, "/api/**");

  /// Requests of the API that require no token. The handlers answer 405 to the methods that these
  /// paths do not support.
  private static final RequestMatcher PUBLIC =
      new OrRequestMatcher(
          allMethodsExcept("/api/v1/users"),
          allMethodsExcept("/api/v1/auth/token"),
          allMethodsExcept("/api/v1/auth/refresh"),
          allMethodsExcept("/api/v1/auth/password-reset"),
          allMethodsExcept("/api/v1/auth/password-reset/confirmation"),
          allMethodsExcept("/api/v1/auth/email-confirmation"),
          allMethodsExcept("/api/v1/revoked-tokens"),
          allMethodsExcept("/api/v1/events", HttpMethod.POST),
          allMethodsExcept("/api/v1/events/*", HttpMethod.PUT, HttpMethod.DELETE),
          allMethodsExcept("/api/v1/events/*/poster", HttpMethod.PUT, HttpMethod.DELETE),
          allMethodsExcept("/api/v1/events/*/seat-map"),
          allMethodsExcept("/api/v1/events/*/seats"),
          matcher(HttpMethod.OPTIONS, "/api/**"));

  private static final String SCHEME = "Bearer";

  private static RequestMatcher matcher(@Nullable HttpMethod method, String pattern) {
    return PathPatternRequestMatcher.withDefaults().matcher(method, pattern);
  }

  private static RequestMatcher allMethodsExcept(String pattern, HttpMethod... restricted) {
    // A trailing slash is another path, which has no handler.
    RequestMatcher path =
        new OrRequestMatcher(matcher(null, pattern), matcher(null, pattern + "/"));
    List<String> names = Stream.of(restricted).map(HttpMethod::name).toList();
    return request -> path.matches(request) && !names.contains(request.getMethod());
  }

  /// A token is ignored where none is required, so a stale one does no harm. The verification
  /// refuses a token with characters that none may have.
  private static @Nullable String tokenOf(HttpServletRequest request) {
    if (!API.matches(request) || PUBLIC.matches(request)) {
      return null;
    }
    List<String> headers = Collections.list(request.getHeaders(HttpHeaders.AUTHORIZATION));
    if (headers.size() > 1) {
      throw new OAuth2AuthenticationException(
          BearerTokenErrors.invalidRequest("more than one Authorization header"));
    }
    if (headers.isEmpty()
        || !headers.getFirst().regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return null;
    }
    String header = headers.getFirst();
    if (header.length() < SCHEME.length() + 2 || header.charAt(SCHEME.length()) != ' ') {
      throw new OAuth2AuthenticationException(
          BearerTokenErrors.invalidToken("Bearer token is malformed"));
    }
    return header.substring(SCHEME.length() + 1);
  }

  /// Every method reaches the handlers, which answer 405 with `Allow`.
  @Bean
  HttpFirewall httpFirewall() {
    StrictHttpFirewall firewall = new StrictHttpFirewall();
    firewall.setUnsafeAllowAnyHttpMethod(true);
    firewall.setAllowedHeaderValues(SecurityConfiguration::isAllowedHeaderValue);
    return firewall;
  }

  /// The rule of the default, a regular expression that costs a twentieth of a booking for the
  /// token of each request.
  static boolean isAllowedHeaderValue(String value) {
    return value
        .codePoints()
        .allMatch(character ->
            character == '\t'
                || Character.isDefined(character) && !Character.isISOControl(character));
  }

  @Bean
  SecurityFilterChain securityFilterChain(
      HttpSecurity http, ProblemDetailAdvice problems, TokenAuthenticationManager tokens) {
    return http.csrf(AbstractHttpConfigurer::disable)
        .formLogin(AbstractHttpConfigurer::disable)
        .httpBasic(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .sessionManagement(s -> s.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .authorizeHttpRequests(requests ->
            requests
                .requestMatchers(EndpointRequest.toAnyEndpoint())
                .permitAll()
                .requestMatchers(PUBLIC)
                .permitAll()
                .requestMatchers(HttpMethod.GET, "/api/v1/operations/**")
                .hasAnyRole(Role.STAFF.name(), Role.ADMIN.name())
                .requestMatchers(HttpMethod.HEAD, "/api/v1/operations/**")
                .hasAnyRole(Role.STAFF.name(), Role.ADMIN.name())
                .requestMatchers("/api/v1/events/**", "/api/v1/operations/**")
                .hasRole(Role.ADMIN.name())
                .requestMatchers("/api/**")
                .authenticated()
                .anyRequest()
                .permitAll())
        .oauth2ResourceServer(server ->
            server
                .bearerTokenResolver(SecurityConfiguration::tokenOf)
                .authenticationManagerResolver(request -> tokens)
                .authenticationEntryPoint(problems::writeUnauthenticated)
                .accessDeniedHandler(problems::writeForbidden))
        .exceptionHandling(handling ->
            handling
                .authenticationEntryPoint(problems::writeUnauthenticated)
                .accessDeniedHandler(problems::writeForbidden))
        .build();
  }

  /// Without this bean each filter of each request allocates an observation that is never exported.
  @Bean
  SecurityObservationSettings securityObservationSettings() {
    return SecurityObservationSettings.noObservations();
  }
}
