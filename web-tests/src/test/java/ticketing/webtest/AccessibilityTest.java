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

/// Every view against the rules of WCAG 2.2 AA that a machine can check.
@ExtendWith(PagesFixture.Extension.class)
class AccessibilityTest {

  private static final List<String> RULES =
      List.of("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice");

  private final PagesFixture site;

  AccessibilityTest(PagesFixture site) {
    this.site = site;
  }

  static Stream<DisplaySettings> looks() {
    return Stream.of(DisplaySettings.ENGLISH, DisplaySettings.KOREAN.dark().phone());
  }

  @ParameterizedTest
  @MethodSource("looks")
  void buyersViewsAreAccessible(DisplaySettings look) {
    long open = site.newEvent("Open", 3, 1000, ",\"maxSeatsPerUser\":4");
    long held = site.newEvent("Held", 0, 10, ",\"holdMinutes\":10");
    long later =
        site.newEvent(
            "Later",
            0,
            10,
            ",\"saleOpensAt\":\"%s\"".formatted(Instant.now().plus(3, ChronoUnit.DAYS)));
    try (BrowserUser visitor = site.visitor(look)) {
      visitor.open("/");
      visitor.seesHeading("events.title");
      check(visitor, "events");
      visitor.open("/#/events/" + open);
      visitor.sees("choice.type");
      check(visitor, "event");
      visitor.open("/#/events/" + later);
      visitor.sees("countdown.words");
      check(visitor, "countdown");
      visitor.open("/#/sign-in");
      visitor.button("signIn.action").click();
      visitor.sees("field.email.invalid");
      check(visitor, "sign-in with errors");
      visitor.signUp(PagesFixture.newAddress("axe"));
      visitor.open("/#/sign-up");
      visitor.seesHeading("signUp.title");
      check(visitor, "sign-up");
      visitor.open("/#/reservations");
      visitor.sees("reservations.none");
      check(visitor, "no reservations");

      visitor.open("/#/events/" + open);
      try (PagesFixture.Pause pause = site.pauseWorkers()) {
        visitor.button("book.action").click();
        visitor.seesHeading("waiting.BOOK");
        check(visitor, "waiting");
        visitor.open("/#/");
        visitor.sees("tray.next");
        check(visitor, "events with a ticket");
      }
      visitor.page().getByText(visitor.words.of("tray.decided")).click();
      visitor.seesHeading("outcome.BOOK.done");
      check(visitor, "booked");
      visitor.open("/#/events/" + held);
      visitor.button("book.action").click();
      visitor.seesHeading("outcome.held");
      check(visitor, "held");
      visitor.open("/#/reservations");
      visitor.sees("reservation.HELD");
      check(visitor, "reservations");
      visitor.button("hold.release").click();
      check(visitor, "dialog");
      visitor.open("/#/events/999999");
      visitor.sees("code.EVENT_NOT_FOUND");
      check(visitor, "failure");
    }
  }

  @ParameterizedTest
  @MethodSource("looks")
  void theOperationsPageIsAccessible(DisplaySettings look) {
    site.forgetDeadLetters();
    String letter = site.newDeadLetter();
    try (BrowserUser admin = site.visitor(look)) {
      admin.open("/operations");
      admin.sees("ops.needed");
      check(admin, "sign-in");
      admin.signIn("/operations", site.admin);
      admin.page().locator("tr[data-event]").first().waitFor();
      admin.page().locator(".chart canvas").first().waitFor();
      admin.seesText(letter);
      check(admin, "operations");
      admin.button("admin.create").click();
      check(admin, "event form");
    }
  }

  private static void check(BrowserUser visitor, String view) {
    AxeResults results = axe(visitor).analyze();
    assertThat(results.getPasses()).as("rules that %s was held to", view).hasSizeGreaterThan(10);
    assertThat(results.getViolations())
        .as(view)
        .extracting(
            rule ->
                rule.getId()
                    + ": "
                    + rule.getNodes().stream()
                        .map(
                            node ->
                                node.getHtml()
                                    + node.getAny().stream().map(c -> c.getMessage()).toList())
                        .toList())
        .isEmpty();
  }

  /// Legacy mode spares a second page for frames, of which there are none.
  private static AxeBuilder axe(BrowserUser visitor) {
    return new AxeBuilder(visitor.page()).withTags(RULES).setLegacyMode(true);
  }

  @Test
  void aMissingLabelWouldBeFound() {
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.open("/");
      visitor.seesHeading("events.title");
      visitor
          .page()
          .evaluate("document.querySelector('main').append(document.createElement('input'))");
      assertThat(axe(visitor).analyze().getViolations())
          .extracting(rule -> rule.getId())
          .contains("label");
    }
  }

  @Test
  void anInlineScriptIsRefusedAndReported() {
    BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH);
    visitor.open("/");
    visitor.seesHeading("events.title");
    visitor
        .page()
        .evaluate(
            """
            const script = document.createElement('script');
            script.textContent = 'window.injected = true';
            document.body.append(script);\
            """);
    assertThat(visitor.page().evaluate("window.injected === true")).isEqualTo(false);
    assertThat(visitor.troubles()).anyMatch(trouble -> trouble.contains("script-src"));
    visitor.context.close();
  }
}
