package ticketing.ingress.page;

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

/// Static pages `/` for buyers and `/operations` for administrators, and the configuration that
/// their scripts load.
@RestController
class StaticPageController {

  private static final MediaType HTML = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

  private final PageConfig config;

  StaticPageController(PageSettings settings, Environment environment) {
    this.config =
        new PageConfig(
            settings.notifierUrl(),
            settings.currency(),
            environment.acceptsProfiles(Profiles.of("local")));
  }

  /// @param notifierUrl empty: the notifier has the address of the page
  /// @param currency ISO 4217
  /// @param local the page offers the demo accounts and the simulation
  record PageConfig(String notifierUrl, String currency, boolean local) {}

  @GetMapping("/config.json")
  ResponseEntity<PageConfig> config() {
    return ResponseEntity.ok().cacheControl(CacheControl.noCache()).body(config);
  }

  @GetMapping("/")
  ResponseEntity<Resource> buyerPage() {
    return page("index.html");
  }

  @GetMapping("/operations")
  ResponseEntity<Resource> operationsPage() {
    return page("operations.html");
  }

  /// Not a forward: Tomcat ignores headers that a filter sets after a forward.
  private static ResponseEntity<Resource> page(String name) {
    return ResponseEntity.ok()
        .contentType(HTML)
        .cacheControl(CacheControl.noCache())
        .body(new ClassPathResource("static/" + name));
  }

  /// Weak, because Tomcat does not compress a response with a strong tag.
  @Bean
  FilterRegistrationBean<Filter> weakETags() {
    ShallowEtagHeaderFilter filter = new ShallowEtagHeaderFilter();
    filter.setWriteWeakETag(true);
    FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>(filter);
    registration.setUrlPatterns(
        List.of("/", "/index.html", "/operations", "/operations.html", "/app/*", "/webjars/*"));
    return registration;
  }
}
