package ticketing.ingress.http;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.time.DateTimeException;
import java.time.Instant;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.format.FormatterRegistry;
import org.springframework.http.HttpMethod;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.converter.HttpMessageConverters;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.crypto.factory.PasswordEncoderFactories;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.ingress.problem.ProblemDetailAdvice;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.security.AccessTokens;
import ticketing.security.RevokedTokens;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.module.SimpleModule;

/// Who may call what, and how strangers' JSON is read.
@Configuration(proxyBeanMethods = false)
public class WebConfiguration implements WebMvcConfigurer {

  @Bean
  SecurityFilterChain access(
      HttpSecurity http, ProblemDetailAdvice problems, RevokedTokens logouts) {
    return http.csrf(AbstractHttpConfigurer::disable)
        .formLogin(AbstractHttpConfigurer::disable)
        .httpBasic(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .sessionManagement(s -> s.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .authorizeHttpRequests(
            requests ->
                requests
                    .requestMatchers(EndpointRequest.toAnyEndpoint())
                    .permitAll()
                    .requestMatchers(HttpMethod.POST, "/api/v1/users", "/api/v1/auth/token")
                    .permitAll()
                    .requestMatchers(HttpMethod.GET, "/api/v1/events", "/api/v1/events/*")
                    .permitAll()
                    .requestMatchers("/api/v1/events/**", "/api/v1/operations/**")
                    .hasRole(AuthenticatedUser.ADMIN)
                    .requestMatchers("/api/**")
                    .authenticated()
                    .anyRequest()
                    .permitAll())
        .oauth2ResourceServer(
            server ->
                server
                    .jwt(jwt -> jwt.jwtAuthenticationConverter(token -> caller(token, logouts)))
                    .authenticationEntryPoint(problems::unauthenticated)
                    .accessDeniedHandler(problems::forbidden))
        .exceptionHandling(
            handling ->
                handling
                    .authenticationEntryPoint(problems::unauthenticated)
                    .accessDeniedHandler(problems::forbidden))
        .build();
  }

  /// Off, they still cost an object and a call around each filter of each request.
  @Bean
  SecurityObservationSettings noSpansOfFilters() {
    return SecurityObservationSettings.noObservations();
  }

  private static AbstractAuthenticationToken caller(Jwt token, RevokedTokens logouts) {
    AuthenticatedUser caller = AuthenticatedUser.of(token);
    if (!caller.isUsable()) {
      throw new InvalidBearerTokenException("the token names no usable user");
    }
    if (caller.tokenId() != null && logouts.isRevoked(caller.tokenId())) {
      throw new InvalidBearerTokenException("the token was given back");
    }
    return caller.authenticated(token);
  }

  @Override
  public void addFormatters(FormatterRegistry registry) {
    registry.addConverter(String.class, Instant.class, InstantParser::parse);
  }

  /// Strangers send JSON and nothing else.
  @Override
  public void configureMessageConverters(HttpMessageConverters.ServerBuilder builder) {
    builder.configureMessageConvertersList(
        converters -> converters.removeIf(WebConfiguration::speaksYaml));
  }

  private static boolean speaksYaml(HttpMessageConverter<?> converter) {
    return converter.getSupportedMediaTypes().stream()
        .anyMatch(type -> type.getSubtype().endsWith("yaml"));
  }

  @Bean
  JwtDecoder jwtDecoder(AccessTokens tokens) {
    return tokens.decoder();
  }

  @Bean
  public PasswordEncoder passwordEncoder() {
    return PasswordEncoderFactories.createDelegatingPasswordEncoder();
  }

  @Bean
  JsonMapperBuilderCustomizer strangersJson() {
    return builder ->
        Json.strict(builder)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .addMixIn(EventView.class, WithoutVersion.class)
            .addModule(new SimpleModule("times").addDeserializer(Instant.class, new TimeReader()));
  }

  /// The version is for telling copies apart, not for clients.
  @JsonIgnoreProperties("version")
  private interface WithoutVersion {}

  /// ISO-8601 text with an offset, of a year that the database can hold; never a number.
  private static final class TimeReader extends StdDeserializer<Instant> {

    TimeReader() {
      super(Instant.class);
    }

    @Override
    public Instant deserialize(JsonParser parser, DeserializationContext context)
        throws JacksonException {
      if (!parser.hasToken(JsonToken.VALUE_STRING)) {
        return (Instant) context.handleUnexpectedToken(Instant.class, parser);
      }
      try {
        return InstantParser.parse(parser.getString());
      } catch (DateTimeException e) {
        return (Instant)
            context.handleWeirdStringValue(Instant.class, parser.getString(), e.getMessage());
      }
    }
  }
}
