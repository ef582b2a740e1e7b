package ticketing.ingress.page;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import org.springframework.core.io.ClassPathResource;
import org.springframework.stereotype.Component;
import org.springframework.web.util.HtmlUtils;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.ingress.information.EventDocument;
import ticketing.ingress.information.InformationView;
import tools.jackson.databind.json.JsonMapper;

/// Renders the HTML of the pages: title and description in the language of the reader, Open Graph
/// and schema.org data of an event, preloads, and the data with which the script starts.
@Component
class PageRenderer {

  /// Languages of the pages. The first is the default.
  static final List<Locale> LANGUAGES = List.of(Locale.ENGLISH, Locale.KOREAN);

  private static final Pattern PLACEHOLDER = Pattern.compile("\\{([a-z]+)}");

  /// @param notifierUrl empty: the notifier has the address of the page
  /// @param currency ISO 4217
  /// @param local the page offers the demo accounts and the simulation
  /// @param legal details of the shop
  record PageConfig(String notifierUrl, String currency, boolean local, PageSettings.Legal legal) {}

  /// @param config settings that the script otherwise reads from `/config.json`
  /// @param responses bodies of the script's first requests, by their paths
  private record Start(PageConfig config, Map<String, Object> responses) {}

  /// Content of one page.
  ///
  /// @param scripts scripts of the view, which the script of the page imports on demand
  /// @param data paths of other data that the scripts request first
  /// @param response body of the script's first request to `responsePath`; null: not included
  record Content(
      String title,
      String description,
      String metadata,
      List<String> scripts,
      List<String> data,
      @Nullable String responsePath,
      @Nullable Object response) {

    static Content of(String title, String description, String... scripts) {
      return new Content(title, description, "", List.of(scripts), List.of(), null, null);
    }
  }

  private final PageFiles files;
  private final JsonMapper json;
  private final PageConfig config;
  private final String buyerTemplate = template("index.html");
  private final String operationsTemplate = template("operations.html");
  private final Map<Locale, Map<String, String>> texts;

  /// Scripts with their imports. Views differ by their scripts, so there are about ten keys.
  private final Map<List<String>, List<String>> modules = new ConcurrentHashMap<>();

  PageRenderer(PageFiles files, JsonMapper json, PageSettings settings, Environment environment) {
    this.files = files;
    this.json = json;
    this.config =
        new PageConfig(
            settings.notifierUrl(),
            settings.currency(),
            environment.acceptsProfiles(Profiles.of("local")),
            settings.legal());
    this.texts =
        LANGUAGES.stream()
            .collect(
                Collectors.toMap(language -> language, each -> files.texts(each.getLanguage())));
  }

  PageConfig config() {
    return config;
  }

  String text(Locale language, String key) {
    return Objects.requireNonNull(texts.get(language).get(key), key);
  }

  /// @param language one of [#LANGUAGES]
  String buyerPage(Locale language, Content content) {
    return render(buyerTemplate, "buyer.js", language, content);
  }

  /// @param language one of [#LANGUAGES]
  String operationsPage(Locale language) {
    return render(
        operationsTemplate, "operations.js", language, Content.of(text(language, "ops.title"), ""));
  }

  /// @param url absolute address of the page
  Content event(Locale language, EventDocument document, String url) {
    EventView event = document.event();
    String image = absolute(document.information().posterUrl(), url);
    ZonedDateTime date = event.eventDate().atZone(ZoneId.of(event.timeZone()));
    String when =
        DateTimeFormatter.ofLocalizedDateTime(FormatStyle.FULL, FormatStyle.SHORT)
            .withLocale(language)
            .format(date);
    String zone = DateTimeFormatter.ofPattern("zzzz", language).format(date);
    String description =
        Stream.of(
                when + " (" + zone + ")",
                event.venueName(),
                event.venueAddress(),
                event.status() == EventStatus.CANCELLED
                    ? text(language, "state.CANCELLED.words")
                    : null)
            .filter(Objects::nonNull)
            .collect(Collectors.joining(" · "));
    return new Content(
        event.eventName(),
        description,
        openGraph(event.eventName(), description, url, image) + schemaOrg(document, url, image),
        event.seatMapRevision() == null
            ? List.of("event.js")
            : List.of("event.js", "seatchoice.js"),
        event.seatMapRevision() == null
            ? List.of()
            : List.of(
                "/api/v1/events/%d/seat-map?revision=%d&amp;compact=true"
                    .formatted(event.eventId(), event.seatMapRevision())),
        "/api/v1/events/" + event.eventId(),
        document);
  }

  /// @param path path in the origin of the page; null: none
  private static @Nullable String absolute(@Nullable String path, String url) {
    return path == null ? null : URI.create(url).resolve(path).toString();
  }

  private static String openGraph(
      String title, String description, String url, @Nullable String image) {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("og:type", "website");
    properties.put("og:site_name", "Ticketing");
    properties.put("og:title", title);
    properties.put("og:description", description);
    properties.put("og:url", url);
    if (image != null) {
      properties.put("og:image", image);
    }
    return properties.entrySet().stream()
            .map(property ->
                "<meta property=\"%s\" content=\"%s\">\n  "
                    .formatted(property.getKey(), escape(property.getValue())))
            .collect(Collectors.joining())
        + "<link rel=\"canonical\" href=\"%s\">\n  ".formatted(escape(url));
  }

  /// JSON-LD, which a browser never executes.
  private String schemaOrg(EventDocument document, String url, @Nullable String image) {
    EventView event = document.event();
    InformationView information = document.information();
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("@context", "https://schema.org");
    data.put("@type", "Event");
    data.put("name", event.eventName());
    data.put("startDate", event.eventDate().toString());
    data.put(
        "eventStatus",
        event.status() == EventStatus.CANCELLED
            ? "https://schema.org/EventCancelled"
            : "https://schema.org/EventScheduled");
    data.put("url", url);
    if (image != null) {
      data.put("image", List.of(image));
    }
    if (information.description() != null) {
      data.put("description", information.description());
    }
    if (information.runningMinutes() != null) {
      data.put("duration", Duration.ofMinutes(information.runningMinutes()).toString());
    }
    if (information.minimumAge() != null) {
      data.put("typicalAgeRange", information.minimumAge() + "-");
    }
    if (event.venueName() != null) {
      Map<String, Object> place = new LinkedHashMap<>();
      place.put("@type", "Place");
      place.put("name", event.venueName());
      place.put("address", event.venueAddress() == null ? "" : event.venueAddress());
      data.put("location", place);
    }
    Instant opens = event.saleOpensAt();
    data.put(
        "offers",
        event.seatTypes().stream()
            .map(type -> {
              Map<String, Object> offer = new LinkedHashMap<>();
              offer.put("@type", "Offer");
              offer.put("name", type.seatType());
              offer.put("price", type.price().toString());
              offer.put("priceCurrency", config.currency());
              offer.put("url", url);
              offer.put(
                  "availability",
                  type.availableSeats() > 0
                      ? "https://schema.org/InStock"
                      : "https://schema.org/SoldOut");
              if (opens != null) {
                offer.put("validFrom", opens.toString());
              }
              return offer;
            })
            .toList());
    return "<script type=\"application/ld+json\">%s</script>"
        .formatted(Json.INTERNAL.writeValueAsString(data).replace("<", "\\u003c"));
  }

  /// @param script script of the page
  private String render(String template, String script, Locale language, Content content) {
    Map<String, Object> responses =
        content.responsePath() == null
            ? Map.of()
            : Map.of(content.responsePath(), Objects.requireNonNull(content.response()));
    Map<String, String> values =
        Map.of(
            "language", language.getLanguage(),
            "title", escape(content.title() + " · Ticketing"),
            "description", escape(content.description()),
            "metadata", content.metadata(),
            "skip", escape(text(language, "page.skip")),
            "files", files.path(),
            "start", escape(json.writeValueAsString(new Start(config, responses))),
            "preloads", preloads(script, language, content));
    return PLACEHOLDER
        .matcher(template)
        .replaceAll(match -> Matcher.quoteReplacement(values.get(match.group(1))));
  }

  /// Links with which the browser requests all files, without a wait for the imports in them.
  private String preloads(String script, Locale language, Content content) {
    List<String> scripts = new ArrayList<>(List.of(script));
    scripts.addAll(content.scripts());
    Stream<String> moduleLinks =
        modules.computeIfAbsent(scripts, files::modules).stream()
            .map(module ->
                "<link rel=\"modulepreload\" href=\"%s/%s\">".formatted(files.path(), module));
    Stream<String> data =
        Stream.concat(
                Stream.of(files.path() + "/" + language.getLanguage() + ".json"),
                content.data().stream())
            .map("<link rel=\"preload\" as=\"fetch\" crossorigin href=\"%s\">"::formatted);
    return Stream.concat(data, moduleLinks).collect(Collectors.joining("\n  "));
  }

  private static String escape(String text) {
    return HtmlUtils.htmlEscape(text, StandardCharsets.UTF_8.name());
  }

  private static String template(String name) {
    try {
      return new ClassPathResource("pages/" + name).getContentAsString(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
