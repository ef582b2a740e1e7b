package ticketing.ingress.security;

import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.web.SecurityFilterChain;
import ticketing.ingress.problem.ProblemDetailAdvice;
import ticketing.security.AccessTokens;
import ticketing.security.RevokedTokens;

/// Authorization rules for client requests. Sessions do not exist: each request is authenticated by
/// its bearer token.
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

  @Bean
  SecurityFilterChain securityFilterChain(
      HttpSecurity http, ProblemDetailAdvice problems, RevokedTokens revokedTokens) {
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
                .requestMatchers(HttpMethod.POST, "/api/v1/users", "/api/v1/auth/token")
                .permitAll()
                .requestMatchers(
                    HttpMethod.GET, "/api/v1/events", "/api/v1/events/*", "/api/v1/revoked-tokens")
                .permitAll()
                .requestMatchers("/api/v1/events/**", "/api/v1/operations/**")
                .hasRole(AuthenticatedUser.ADMIN)
                .requestMatchers("/api/**")
                .authenticated()
                .anyRequest()
                .permitAll())
        .oauth2ResourceServer(server ->
            server
                .jwt(jwt ->
                    jwt.jwtAuthenticationConverter(token -> authenticate(token, revokedTokens)))
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

  @Bean
  JwtDecoder jwtDecoder(AccessTokens tokens) {
    return tokens.decoder();
  }

  private static AbstractAuthenticationToken authenticate(Jwt token, RevokedTokens revokedTokens) {
    AuthenticatedUser user = AuthenticatedUser.of(token);
    if (!user.hasValidUserId()) {
      throw new InvalidBearerTokenException("the token has no valid user id");
    }
    if (revokedTokens.isRevoked(user.tokenId())) {
      throw new InvalidBearerTokenException("the token is revoked");
    }
    return user.toAuthentication(token);
  }
}
