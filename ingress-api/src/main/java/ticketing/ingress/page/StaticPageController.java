package ticketing.ingress.page;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.ShallowEtagHeaderFilter;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;
import ticketing.ingress.information.EventDocument;
import ticketing.ingress.page.PageRenderer.Content;
import ticketing.ingress.page.StartData.Read;

/// Pages of buyers, the page `/operations` of administrators, and the data that their scripts load.
@RestController
class StaticPageController {

  private static final MediaType HTML = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

  private static final String TICKET = "/tickets/{ticketId:[0-9a-f-]{36}}";
  private static final String PASS = "/reservations/{reservationId:[0-9]{1,18}}/pass";
  static final String CHECK_IN = "/check-in";

  /// @param titleKey key of the title
  private record View(String titleKey, String script) {}

  private static final Map<String, View> VIEWS =
      Map.of(
          TICKET,
          new View("waiting.title", "tickets.js"),
          "/reservations",
          new View("nav.reservations", "reservations.js"),
          PASS,
          new View("pass.title", "pass.js"),
          CHECK_IN,
          new View("checkin.title", "checkin.js"),
          "/sign-in",
          new View("signIn.title", "account.js"),
          "/sign-up",
          new View("signUp.title", "account.js"),
          "/account",
          new View("account.title", "settings.js"),
          "/forgot-password",
          new View("forgot.title", "settings.js"),
          "/reset-password",
          new View("reset.title", "settings.js"),
          "/confirm-email",
          new View("confirm.title", "settings.js"));

  private final PageRenderer renderer;
  private final StartData startData;
  private final Clock clock;

  StaticPageController(PageRenderer renderer, StartData startData, Clock clock) {
    this.renderer = renderer;
    this.startData = startData;
    this.clock = clock;
  }

  @GetMapping("/config.json")
  ResponseEntity<PageRenderer.PageConfig> config() {
    return ResponseEntity.ok().cacheControl(CacheControl.noCache()).body(renderer.config());
  }

  /// @param now milliseconds since 1970
  record ServerTime(long now) {}

  /// Clock of the server, from which pages measure the offset of their own.
  @GetMapping("/time.json")
  ResponseEntity<ServerTime> time() {
    return ResponseEntity.ok()
        .cacheControl(CacheControl.noStore())
        .body(new ServerTime(clock.millis()));
  }

  @GetMapping({"/", "/index.html"})
  ResponseEntity<String> eventsPage(HttpServletRequest request) {
    Locale language = language(request);
    Content content =
        Content.of(
            renderer.text(language, "events.title"),
            renderer.text(language, "events.lead"),
            "eventlist.js");
    return html(
        HttpStatus.OK,
        renderer.buyerPage(
            language,
            switch (startData.upcomingEvents()) {
              case Read.Found(var events) ->
                  new Content(
                      content.title(),
                      content.description(),
                      "",
                      content.scripts(),
                      List.of(),
                      "/api/v1/events?page=0&size=" + StartData.LIST_SIZE,
                      events);
              case Read.NotFound<?> _, Read.Unavailable<?> _ -> content;
            }));
  }

  @GetMapping("/events/{eventId:[0-9]{1,18}}")
  ResponseEntity<String> eventPage(@PathVariable long eventId, HttpServletRequest request) {
    Locale language = language(request);
    return switch (startData.event(eventId)) {
      case Read.Found<EventDocument>(EventDocument event) ->
          html(
              HttpStatus.OK,
              renderer.buyerPage(language, renderer.event(language, event, url(request))));
      case Read.NotFound<EventDocument> _ -> notFound(request);
      case Read.Unavailable<EventDocument> _ ->
          html(
              HttpStatus.OK,
              renderer.buyerPage(language, titled(language, "events.title", "event.js")));
    };
  }

  /// Pages whose content their scripts load.
  @GetMapping({
    TICKET,
    "/reservations",
    PASS,
    CHECK_IN,
    "/sign-in",
    "/sign-up",
    "/account",
    "/forgot-password",
    "/reset-password",
    "/confirm-email"
  })
  ResponseEntity<String> scriptedPage(HttpServletRequest request) {
    Object pattern = request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
    View view = VIEWS.get(String.valueOf(pattern));
    Locale language = language(request);
    return html(
        HttpStatus.OK,
        renderer.buyerPage(language, titled(language, view.titleKey(), view.script())));
  }

  @GetMapping({"/operations", "/operations.html"})
  ResponseEntity<String> operationsPage(HttpServletRequest request) {
    return html(HttpStatus.OK, renderer.operationsPage(language(request)));
  }

  /// The buyer's page for an unknown address, with status 404.
  ResponseEntity<String> notFound(HttpServletRequest request) {
    Locale language = language(request);
    return html(HttpStatus.NOT_FOUND, renderer.buyerPage(language, titled(language, "lost.title")));
  }

  private Content titled(Locale language, String titleKey, String... scripts) {
    return Content.of(
        renderer.text(language, titleKey), renderer.text(language, "events.lead"), scripts);
  }

  /// Not a forward: Tomcat ignores headers that a filter sets after a forward.
  private static ResponseEntity<String> html(HttpStatus status, String body) {
    return ResponseEntity.status(status)
        .contentType(HTML)
        .cacheControl(CacheControl.noCache())
        .header(HttpHeaders.VARY, HttpHeaders.ACCEPT_LANGUAGE)
        .body(body);
  }

  private static Locale language(HttpServletRequest request) {
    return Collections.list(request.getLocales()).stream()
        .flatMap(wanted ->
            PageRenderer.LANGUAGES.stream()
                .filter(each -> each.getLanguage().equals(wanted.getLanguage())))
        .findFirst()
        .orElse(PageRenderer.LANGUAGES.getFirst());
  }

  /// Address of the request. The load balancer states the scheme.
  private static String url(HttpServletRequest request) {
    ServletUriComponentsBuilder url = ServletUriComponentsBuilder.fromRequestUri(request);
    Optional.ofNullable(request.getHeader("X-Forwarded-Proto"))
        .filter("https"::equals)
        .ifPresent(scheme -> url.scheme(scheme).port(-1));
    return url.toUriString();
  }

  /// Weak, because Tomcat does not compress a response with a strong tag.
  @Bean
  static FilterRegistrationBean<Filter> weakETags() {
    ShallowEtagHeaderFilter filter = new ShallowEtagHeaderFilter();
    filter.setWriteWeakETag(true);
    FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>(filter);
    registration.setUrlPatterns(
        List.of(
            "/",
            "/index.html",
            "/events/*",
            "/operations",
            "/operations.html",
            "/app/*",
            "/webjars/*"));
    return registration;
  }
}
