package ticketing.webtest;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.AxeResults;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Checks every view against the automatic rules of WCAG 2.2 AA.
@ExtendWith(PagesFixture.Extension.class)
class AccessibilityTest {

  private static final List<String> RULES =
      List.of("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice");

  /// Names of elements that reach beyond the right edge of a page that scrolls horizontally.
  private static final String OVERFLOWING =
      """
      () => {
        const width = document.documentElement.clientWidth;
        return document.documentElement.scrollWidth <= width ? [] : ['page', ...[
          ...document.querySelectorAll('body *')]
            .filter(element => element.getBoundingClientRect().right > width + 1)
            .map(element => `${element.tagName}.${element.className}`)];
      }\
      """;

  private final PagesFixture pages;

  AccessibilityTest(PagesFixture pages) {
    this.pages = pages;
  }

  static Stream<DisplaySettings> displaySettings() {
    return Stream.of(DisplaySettings.ENGLISH, DisplaySettings.KOREAN.dark().smallPhone());
  }

  @ParameterizedTest
  @MethodSource("displaySettings")
  void buyerViewsAreAccessible(DisplaySettings settings) {
    long open =
        pages.newEvent(
            "Open", 3, 1000, ",\"maxSeatsPerUser\":4" + EventInformationTest.INFORMATION);
    pages.uploadPoster(open, Posters.png(600, 850));
    long seated = pages.newSeatedEvent("Seated", 3, 6);
    long held = pages.newEvent("Held", 0, 10, ",\"holdMinutes\":10");
    long later =
        pages.newEvent(
            "Later",
            0,
            10,
            ",\"saleOpensAt\":\"%s\"".formatted(Instant.now().plus(3, ChronoUnit.DAYS)));
    try (BrowserUser user = pages.newUser(settings)) {
      user.open("/");
      user.seesHeading("events.title");
      check(user, "events");
      user.open("/#/events/" + open);
      user.seesText("choice.type");
      check(user, "event");
      user.open("/events/" + seated);
      user.page().locator("canvas.seat-canvas").focus();
      user.press("ArrowRight", "Enter");
      user.seesText("seats.chosen");
      check(user, "seat map");
      user.button("seats.asList").click();
      user.page().locator(".seat-list summary").first().click();
      user.page().locator(".seat-rows summary").first().click();
      check(user, "seat list");
      user.open("/#/events/" + later);
      user.seesText("countdown.words");
      check(user, "countdown");
      user.open("/#/sign-in");
      user.button("signIn.action").click();
      user.seesText("field.email.invalid");
      check(user, "sign-in with errors");
      user.signUp(PagesFixture.newEmail("axe"));
      user.open("/#/sign-up");
      user.seesHeading("signUp.title");
      check(user, "sign-up");
      user.open("/#/reservations");
      user.seesText("reservations.none");
      check(user, "no reservations");

      user.open("/#/events/" + open);
      try (PagesFixture.WorkerPause pause = pages.pauseWorkers()) {
        user.book();
        user.seesHeading("waiting.BOOK");
        check(user, "waiting");
        user.open("/#/");
        user.seesText("tray.next");
        check(user, "events with a ticket");
      }
      user.page().getByText(user.texts.of("tray.decided")).click();
      user.seesHeading("outcome.BOOK.done");
      check(user, "booked");
      user.link("pass.show").click();
      user.page().locator("svg.qr").waitFor();
      check(user, "entry pass");
      user.open("/account");
      user.seesHeading("account.title");
      check(user, "account");
      user.open("/#/events/" + held);
      user.book();
      user.seesHeading("outcome.held");
      check(user, "held");
      user.open("/#/reservations");
      user.seesText("reservation.HELD");
      check(user, "reservations");
      user.button("hold.release").click();
      check(user, "dialog");
      user.open("/#/events/999999");
      user.seesText("code.EVENT_NOT_FOUND");
      check(user, "failure");
    }
  }

  @ParameterizedTest
  @MethodSource("displaySettings")
  void operationsPageIsAccessible(DisplaySettings settings) {
    pages.purgeDeadLetters();
    String bodyPart = pages.newDeadLetter();
    String buyer = PagesFixture.newEmail("sold");
    long sold = pages.newEvent("Sold " + buyer, 10, 90, "");
    pages.signUp(buyer, "Lee");
    pages.book(buyer, sold, "VIP", 2);
    try (BrowserUser admin = pages.newUser(settings)) {
      admin.open("/operations");
      admin.seesText("ops.needed");
      check(admin, "sign-in");
      admin.signIn("/operations", pages.admin);
      admin.page().locator("tr[data-event]").first().waitFor();
      admin.page().locator(".chart canvas").first().waitFor();
      admin.seesTextContaining(bodyPart);
      check(admin, "operations");
      admin.button("admin.create").click();
      admin.page().locator("#hallMode").selectOption("new");
      admin.page().locator(".hall-preview canvas").waitFor();
      check(admin, "event form");
      for (String tab : List.of("events", "queue", "dead", "audit")) {
        admin.open("/operations?tab=" + tab);
        admin.page().locator("[role=tab][aria-selected=true], [aria-current=page]").waitFor();
        check(admin, tab);
      }
      admin.open("/operations?tab=events&event=" + sold);
      admin.page().locator("section[aria-labelledby=reservations-title] tbody tr").waitFor();
      check(admin, "event sales");
      admin.signIn("/sign-in?next=check-in", pages.admin);
      admin.page().locator("#check-event").selectOption(String.valueOf(sold));
      check(admin, "check-in");
    }
  }

  private static void check(BrowserUser user, String view) {
    assertThat((List<?>) user.page().evaluate(OVERFLOWING)).as("too wide in %s", view).isEmpty();
    assertThat(user.page().locator("h1").count()).as("first-level headings of %s", view).isOne();
    AxeResults results = axe(user).analyze();
    assertThat(results.getPasses()).as("passed rules of %s", view).hasSizeGreaterThan(10);
    assertThat(results.getViolations())
        .as(view)
        .extracting(rule ->
            rule.getId()
                + ": "
                + rule.getNodes().stream()
                    .map(node ->
                        node.getHtml() + node.getAny().stream().map(c -> c.getMessage()).toList())
                    .toList())
        .isEmpty();
  }

  /// Legacy mode opens no second page for frames; the pages have no frames.
  private static AxeBuilder axe(BrowserUser user) {
    return new AxeBuilder(user.page()).withTags(RULES).setLegacyMode(true);
  }

  @Test
  void missingLabelIsDetected() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/");
      user.seesHeading("events.title");
      user.page()
          .evaluate("document.querySelector('main').append(document.createElement('input'))");
      assertThat(axe(user).analyze().getViolations())
          .extracting(rule -> rule.getId())
          .contains("label");
    }
  }

  @Test
  void inlineScriptIsBlockedAndReported() {
    BrowserUser user = pages.newUser(DisplaySettings.ENGLISH);
    user.open("/");
    user.seesHeading("events.title");
    user.page()
        .evaluate(
            """
            const script = document.createElement('script');
            script.textContent = 'window.injected = true';
            document.body.append(script);\
            """);
    assertThat(user.page().evaluate("window.injected === true")).isEqualTo(false);
    assertThat(user.pageErrors()).anyMatch(error -> error.contains("script-src"));
    user.context.close();
  }
}
