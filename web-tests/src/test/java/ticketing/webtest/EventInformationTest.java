package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.FilePayload;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ticketing.domain.Json;
import tools.jackson.databind.JsonNode;

/// Description, facts and poster of an event: the buyer's page and the form of administrators.
@ExtendWith(PagesFixture.Extension.class)
class EventInformationTest {

  static final String INFORMATION =
      """
      ,"description":"# Program\\n\\n**Bach** and *Ravel*\\n\\n- one\\n- two\\n\\n[Tickets](https://example.com/a)",
       "runningMinutes":110,"minimumAge":8,"refundRule":"Until the day before.\\nNot on the day."\
      """;

  /// Sources that would set `attacked`, load a foreign address or add a dangerous link.
  private static final List<String> ATTACKS =
      List.of(
          "<script>window.attacked = 1</script>",
          "<img src=x onerror=\"window.attacked = 2\">",
          "<svg onload=\"window.attacked = 3\"></svg>",
          "<iframe srcdoc=\"<script>parent.attacked = 4</script>\"></iframe>",
          "<details open ontoggle=\"window.attacked = 5\">x</details>",
          "<a href=\"javascript:window.attacked = 6\">press</a>",
          "[press](javascript:window.attacked=7)",
          "[press](&#106;avascript:window.attacked=8)",
          "[press](java&Tab;script:window.attacked=9)",
          "[press](data:text/html,<script>opener.attacked=10</script>)",
          "[press](//foreign.example/x)",
          "![image](https://foreign.example/tracker.png)",
          "<link rel=stylesheet href=https://foreign.example/x.css>",
          "[press](https://a.example \"x\\\" onmouseover=\\\"window.attacked=11\")",
          "```\" onclick=\"window.attacked=12\ncode\n```");

  private final PagesFixture pages;

  EventInformationTest(PagesFixture pages) {
    this.pages = pages;
  }

  static Stream<DisplaySettings> displaySettings() {
    return Stream.of(DisplaySettings.ENGLISH, DisplaySettings.KOREAN.dark().smallPhone());
  }

  private static Locator fact(BrowserUser user, String key) {
    return user.page()
        .locator("dt", new Page.LocatorOptions().setHasText(user.texts.of(key)))
        .locator("xpath=following-sibling::dd[1]");
  }

  private static Locator poster(BrowserUser user) {
    return user.page().locator(".picture .poster");
  }

  private static void seesImage(Locator image) {
    assertThat(image).hasJSProperty("complete", true);
    assertThat((Boolean) image.evaluate("image => image.naturalWidth > 0")).isTrue();
  }

  @ParameterizedTest
  @MethodSource("displaySettings")
  void pageShowsTheInformation(DisplaySettings settings) {
    long event = pages.newEvent("Informed", 3, 100, INFORMATION);
    pages.uploadPoster(event, Posters.png(600, 850));
    boolean korean = settings.language().startsWith("ko");
    try (BrowserUser user = pages.newUser(settings)) {
      user.open("/events/" + event);
      user.seesTitle("Informed");
      assertThat(fact(user, "event.running")).hasText(korean ? "1시간 50분" : "1 hr 50 min");
      assertThat(fact(user, "event.age")).hasText(korean ? "8세 이상" : "8 and over");
      assertThat(fact(user, "event.refund")).containsText("Not on the day.");
      // The cheapest type is preselected.
      assertThat(user.page().locator(".total").first()).hasText(korean ? "55,000원" : "₩55,000");
      Locator map = fact(user, "event.where").locator("a");
      assertThat(map)
          .hasAttribute(
              "href",
              korean
                  ? "https://map.naver.com/p/search/Hall%20Seoul"
                  : "https://www.openstreetmap.org/search?query=Hall%20Seoul");
      assertThat(map).hasAttribute("target", "_blank");
      assertThat(map).hasAttribute("rel", "noopener");
      Locator description = user.page().locator(".prose");
      assertThat(description.locator("h3")).hasText("Program");
      assertThat(description.locator("strong")).hasText("Bach");
      assertThat(description.locator("li")).hasCount(2);
      assertThat(description.locator("a")).hasAttribute("rel", "noopener nofollow");
      seesImage(poster(user));
      assertThat(poster(user))
          .hasAttribute("alt", user.texts.of("event.poster", "name", "Informed"));
      assertThat(
              (Boolean)
                  user.page()
                      .evaluate(
                          "document.documentElement.scrollWidth"
                              + " <= document.documentElement.clientWidth"))
          .isTrue();
    }
  }

  @Test
  void absentInformationIsNotShown() {
    long event = pages.newEvent("Plain", 0, 100, "");
    long unlimited = pages.newEvent("Unlimited", 0, 100, ",\"minimumAge\":0");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/events/" + event);
      user.seesTitle("Plain");
      for (String key : List.of("event.running", "event.age", "event.refund")) {
        assertThat(fact(user, key)).hasCount(0);
      }
      assertThat(user.page().locator(".description")).hasCount(0);
      assertThat(user.page().locator(".picture svg.poster")).isVisible();
      user.open("/events/" + unlimited);
      user.seesTitle("Unlimited");
      assertThat(fact(user, "event.age")).hasText(user.texts.of("event.age.all"));
    }
  }

  @Test
  void hostileDescriptionHasNoEffect() {
    String description =
        Json.INTERNAL.writeValueAsString(String.join("\n\n", ATTACKS) + "\n\nlast line");
    long event = pages.newEvent("Hostile", 0, 100, ",\"description\":" + description);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      List<String> foreign = new ArrayList<>();
      user.page()
          .onRequest(request -> {
            if (request.url().contains("foreign.example")) {
              foreign.add(request.url());
            }
          });
      user.open("/events/" + event);
      user.seesTextContaining("last line");
      for (Locator link : user.page().locator(".prose a").all()) {
        assertThat(link.getAttribute("href")).matches("(https?|mailto):.*");
      }
      assertThat(
              user.page()
                  .evaluate(
                      """
                      () => [...document.querySelectorAll('.prose *')]
                        .filter(element => !/^(P|A|PRE|CODE|H[3-6]|UL|OL|LI|EM|STRONG)$/.test(element.tagName)
                          || [...element.attributes].some(each => !/^(href|rel|target|title|class)$/.test(each.name)))
                        .map(element => element.outerHTML)\
                      """))
          .isEqualTo(List.of());
      for (Locator press : user.page().locator(".prose").getByText("press").all()) {
        press.hover();
      }
      assertThat(user.page().evaluate("String(window.attacked)")).isEqualTo("undefined");
      assertThat(foreign).isEmpty();
    }
  }

  /// The generated poster takes the place of an image that fails to load.
  @Test
  void missingImageIsReplaced() {
    long event = pages.newEvent("Missing image", 0, 100, "");
    pages.uploadPoster(event, Posters.png(300, 300));
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.answerWithProblem("**/poster?revision=*", 503, "POSTERS_UNAVAILABLE");
      user.open("/events/" + event);
      assertThat(user.page().locator(".picture svg.poster")).isVisible();
      assertThat(user.page().locator(".picture img")).hasCount(0);
    }
  }

  private static void choose(BrowserUser admin, String name, String type, byte[] file) {
    admin.page().locator("#poster").setInputFiles(new FilePayload(name, type, file));
  }

  private static void press(BrowserUser admin, Locator row, String name) {
    row.getByRole(
            AriaRole.BUTTON,
            new Locator.GetByRoleOptions().setName(admin.texts.of("admin.edit.of", "name", name)))
        .click();
  }

  @ParameterizedTest
  @MethodSource("displaySettings")
  void administratorEditsInformationAndPoster(DisplaySettings settings) {
    String name = "Edited " + PagesFixture.newEmail("").substring(1, 6);
    try (BrowserUser admin = pages.newUser(settings)) {
      admin.signIn("/operations?tab=events", pages.admin);
      admin.button("admin.create").click();
      admin.page().locator("#eventName").fill(name);
      admin.page().locator("#eventDate").fill("2031-05-05T19:30");
      admin.page().locator("#seatType0").fill("R");
      admin.page().locator("#price0").fill("88000");
      admin.page().locator("#totalSeats0").fill("20");
      admin.page().locator("#runningMinutes").fill("1441");
      admin.page().locator("#minimumAge").fill("22");
      admin.page().locator("#description").fill("a".repeat(5_001));
      admin.page().locator("#refundRule").fill("a".repeat(501));
      admin.button("admin.save").click();
      for (String field : List.of("runningMinutes", "minimumAge", "description", "refundRule")) {
        admin.seesText("field." + field + ".invalid");
      }
      admin.page().locator("#runningMinutes").fill("95");
      admin.page().locator("#minimumAge").fill("0");
      admin.page().locator("#description").fill("**bold**\n\n" + "😀".repeat(4_900));
      admin.page().locator("#refundRule").fill("Until\nFriday");

      choose(admin, "a.gif", "image/gif", new byte[] {'G', 'I', 'F'});
      admin.seesText("poster.type");
      choose(admin, "a.png", "image/png", new byte[2 * 1024 * 1024 + 1]);
      admin.seesText("poster.size");
      choose(admin, "a.png", "image/png", Posters.png(199, 400));
      admin.seesText("poster.pixels");
      choose(admin, "a.png", "image/png", "no image".getBytes());
      admin.seesText("poster.pixels");
      admin.button("admin.save").click();
      assertThat(admin.page().locator("#poster")).isFocused();
      choose(admin, "a.png", "image/png", Posters.png(400, 600));
      assertThat(admin.page().locator("#poster-preview canvas")).isVisible();
      admin.button("admin.save").click();
      // The list may show the event while the poster is uploaded.
      assertThat(admin.page().getByRole(AriaRole.DIALOG))
          .hasCount(0, new LocatorAssertions.HasCountOptions().setTimeout(30_000));

      Locator row = admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(name));
      row.waitFor();
      long id = Long.parseLong(row.getAttribute("data-event"));
      JsonNode event = pages.event(id);
      assertThat(event.get("runningMinutes").intValue()).isEqualTo(95);
      assertThat(event.get("minimumAge").intValue()).isZero();
      assertThat(event.get("refundRule").asString()).isEqualTo("Until\nFriday");
      assertThat(event.get("descriptionHtml").asString()).startsWith("<p><strong>bold</strong>");
      assertThat(event.get("posterUrl").asString()).isNotEmpty();

      press(admin, row, name);
      seesImage(admin.page().locator("#poster-preview img"));
      assertThat(admin.page().locator("#refundRule")).hasValue("Until\nFriday");
      admin.page().locator("#refundRule").fill("");
      admin.page().locator("#minimumAge").fill("");
      // By keyboard.
      admin.page().locator("#poster-remove").focus();
      admin.press("Enter");
      assertThat(admin.page().locator("#poster-preview svg")).isVisible();
      admin.button("admin.save").click();
      assertThat(admin.page().getByRole(AriaRole.DIALOG)).hasCount(0);
      assertThat(pages.event(id).propertyNames())
          .contains("runningMinutes", "description")
          .doesNotContain("posterUrl", "refundRule", "minimumAge");
    }
  }

  /// The event is saved once, and the poster with the next attempt.
  @Test
  void failedUploadIsRepeated() {
    String name = "Repeated " + PagesFixture.newEmail("").substring(1, 6);
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=events", pages.admin);
      admin.button("admin.create").click();
      admin.page().locator("#eventName").fill(name);
      admin.page().locator("#eventDate").fill("2031-05-05T19:30");
      admin.page().locator("#seatType0").fill("R");
      admin.page().locator("#price0").fill("88000");
      admin.page().locator("#totalSeats0").fill("20");
      choose(admin, "a.png", "image/png", Posters.png(400, 600));
      admin.answerWithProblem("**/poster", 503, "POSTERS_UNAVAILABLE");
      admin.button("admin.save").click();
      admin.seesText("code.POSTERS_UNAVAILABLE");
      admin.page().unroute("**/poster");
      admin.button("admin.save").click();

      assertThat(admin.page().getByRole(AriaRole.DIALOG)).hasCount(0);
      Locator row = admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(name));
      assertThat(row).hasCount(1);
      long id = Long.parseLong(row.getAttribute("data-event"));
      assertThat(pages.event(id).get("posterUrl").asString()).isNotEmpty();
    }
  }
}
