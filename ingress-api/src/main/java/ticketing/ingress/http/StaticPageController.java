package ticketing.ingress.http;

import io.swagger.v3.oas.annotations.Hidden;
import jakarta.servlet.Filter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.ShallowEtagHeaderFilter;

/// The two pages: `/` for buyers and `/operations` for administrators, and what they must know of
/// this installation.
@Hidden
@RestController
class StaticPageController {

  private static final MediaType HTML = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

  private final Config config;

  StaticPageController(PageSettings settings, Environment environment) {
    this.config =
        new Config(
            settings.notifierUrl(),
            settings.currency(),
            environment.acceptsProfiles(Profiles.of("local")));
  }

  /// @param notifierUrl empty: the notifier is where the page comes from
  /// @param currency ISO 4217
  /// @param local whether the demo accounts and the simulation may be offered
  record Config(String notifierUrl, String currency, boolean local) {}

  @GetMapping("/config.json")
  ResponseEntity<Config> config() {
    return ResponseEntity.ok().cacheControl(CacheControl.noCache()).body(config);
  }

  @GetMapping("/")
  ResponseEntity<Resource> buyers() {
    return page("index.html");
  }

  @GetMapping("/operations")
  ResponseEntity<Resource> operations() {
    return page("operations.html");
  }

  /// Not by a forward: what filters do after one, Tomcat ignores.
  private static ResponseEntity<Resource> page(String name) {
    return ResponseEntity.ok()
        .contentType(HTML)
        .cacheControl(CacheControl.noCache())
        .body(new ClassPathResource("static/" + name));
  }

  /// Weak, because Tomcat compresses nothing that has a strong one.
  @Bean
  FilterRegistrationBean<Filter> tags() {
    ShallowEtagHeaderFilter filter = new ShallowEtagHeaderFilter();
    filter.setWriteWeakETag(true);
    FilterRegistrationBean<Filter> tags = new FilterRegistrationBean<>(filter);
    tags.setUrlPatterns(
        List.of("/", "/index.html", "/operations", "/operations.html", "/app/*", "/webjars/*"));
    return tags;
  }
}
