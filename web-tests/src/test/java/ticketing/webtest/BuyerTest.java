package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(PagesFixture.Extension.class)
class BuyerTest {

  private final PagesFixture site;

  BuyerTest(PagesFixture site) {
    this.site = site;
  }

  static Stream<DisplaySettings> languages() {
    return Stream.of(DisplaySettings.ENGLISH, DisplaySettings.KOREAN.phone());
  }

  @ParameterizedTest
  @MethodSource("languages")
  void aStrangerSignsUpBooksAndGivesBack(DisplaySettings look) {
    long event = site.newEvent("First booking", 5, 100, "");
    try (BrowserUser visitor = site.visitor(look)) {
      visitor.open("/#/events/" + event);
      visitor.seesTitle("First booking");
      visitor.page().getByRole(AriaRole.RADIO, new Page.GetByRoleOptions().setName("VIP")).check();
      visitor.button("quantity.more").click();
      visitor.button("book.signIn").click();

      visitor.sees("signIn.needed");
      visitor.page().getByText(visitor.words.of("signUp.title")).click();
      visitor.page().getByLabel(visitor.words.of("field.name")).fill("Kim");
      visitor
          .page()
          .getByLabel(visitor.words.of("field.email"))
          .fill(PagesFixture.newAddress("new"));
      visitor
          .page()
          .getByLabel(
              visitor.words.of("field.password"), new Page.GetByLabelOptions().setExact(true))
          .fill(PagesFixture.PASSWORD);
      visitor.button("signUp.action").click();

      // Back where they were, with what they had chosen.
      assertThat(visitor.page().getByLabel(visitor.words.of("quantity.label"))).hasText("2");
      visitor.button("book.action").click();
      visitor.seesHeading("outcome.BOOK.done");
      visitor.sees("ticket.seats.value", "type", "VIP", "quantity", "2");

      visitor.open("/#/reservations");
      visitor.sees("reservation.CONFIRMED");
      visitor.button("reservation.cancel").click();
      visitor
          .page()
          .getByRole(AriaRole.DIALOG)
          .getByText(visitor.words.of("reservation.cancel"))
          .click();
      visitor.seesHeading("outcome.CANCEL.done");
    }
  }

  @Test
  void theLanguageIsTheBrowsersUntilAnotherIsChosen() {
    try (BrowserUser visitor = site.visitor(DisplaySettings.KOREAN)) {
      visitor.open("/");
      assertThat(visitor.page().locator("html")).hasAttribute("lang", "ko");
      visitor.button("language.other").click();
      assertThat(visitor.page().locator("html")).hasAttribute("lang", "en");
      visitor.reopen("/");
      assertThat(visitor.page().locator("html")).hasAttribute("lang", "en");
      assertThat(
              visitor
                  .page()
                  .getByRole(AriaRole.LINK)
                  .filter(new Locator.FilterOptions().setHasText("Sign in")))
          .isVisible();
    }
  }

  @Test
  void wrongInputIsExplainedAtItsField() {
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.open("/#/sign-up");
      visitor.button("signUp.action").click();
      visitor.sees("field.name.invalid");
      visitor.sees("field.email.invalid");
      visitor.sees("field.password.invalid");
      assertThat(visitor.page().getByLabel(visitor.words.of("field.name"))).isFocused();
    }
    String taken = PagesFixture.newAddress("taken");
    site.signUp(taken, "First");
    try (BrowserUser visitor = site.visitor(DisplaySettings.KOREAN)) {
      visitor.open("/#/sign-up");
      visitor.page().getByLabel(visitor.words.of("field.name")).fill("Second");
      visitor.page().getByLabel(visitor.words.of("field.email")).fill(taken);
      visitor.page().locator("#password").fill(PagesFixture.PASSWORD);
      visitor.button("signUp.action").click();
      visitor.sees("code.EMAIL_TAKEN");
    }
  }

  @Test
  void theLastSeatGoesWhileSomebodyLooks() {
    long event = site.newEvent("One seat", 0, 1, "");
    String other = PagesFixture.newAddress("other");
    site.signUp(other, "Other");
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.open("/#/events/" + event);
      visitor.sees("seats.left.short", "left", "1");
      site.book(other, event, "S", 1);
      visitor.sees("state.SOLD_OUT.words");
    }
  }

  @Test
  void ofTwoWhoWantTheLastSeatOneGetsItAndTheOtherIsToldWhy() {
    long event = site.newEvent("Last seat", 0, 1, "");
    try (BrowserUser one = site.visitor(DisplaySettings.ENGLISH);
        BrowserUser two = site.visitor(DisplaySettings.KOREAN)) {
      for (BrowserUser visitor : List.of(one, two)) {
        visitor.signUp(PagesFixture.newAddress("race")).open("/#/events/" + event);
      }
      try (PagesFixture.Pause pause = site.pauseWorkers()) {
        for (BrowserUser visitor : List.of(one, two)) {
          visitor.button("book.action").click();
          visitor.seesHeading("waiting.BOOK");
        }
      }
      for (BrowserUser visitor : List.of(one, two)) {
        assertThat(visitor.page().locator("[data-outcome]")).isVisible(BrowserUser.patience());
      }
      List<String> ends =
          Stream.of(one, two)
              .map(visitor -> visitor.page().locator("[data-outcome]").getAttribute("data-outcome"))
              .toList();
      assertThat(ends).containsExactlyInAnyOrder("BOOK-CONFIRMED", "BOOK-REJECTED");
      BrowserUser loser = ends.getFirst().endsWith("REJECTED") ? one : two;
      loser.seesHeading("rejected.BOOK");
      loser.sees("reason.SOLD_OUT");
    }
  }

  @Test
  void aHoldIsConfirmedInTimeOrExpires() {
    long event = site.newEvent("Held", 0, 10, ",\"holdMinutes\":5");
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH.phone())) {
      visitor.page().clock().install();
      visitor.signUp(PagesFixture.newAddress("hold")).open("/#/events/" + event);
      visitor.button("book.action").click();
      visitor.seesHeading("outcome.held");
      visitor.page().getByText(Pattern.compile("\\b4:\\d\\d\\b")).first().waitFor();
      visitor.button("hold.confirm").click();
      visitor.seesHeading("outcome.CONFIRM.done");

      visitor.open("/#/events/" + event);
      visitor.button("book.action").click();
      visitor.seesHeading("outcome.held");
      site.letHoldRunOut(event);
      visitor.page().clock().fastForward("00:10");
      visitor.seesHeading("held.EXPIRED");

      visitor.open("/#/events/" + event);
      visitor.sees("seats.left.short", "left", "9");
      visitor.button("book.action").click();
      visitor.seesHeading("outcome.held");
      visitor.open("/#/reservations");
      visitor.sees("reservation.HELD");
      site.letHoldRunOut(event);
      visitor.page().clock().fastForward("00:10");
      visitor.sees("reservation.EXPIRED");
      assertThat(visitor.page().locator(".hold")).hasCount(0);
    }
  }

  @Test
  void aPausedSaleIsSeenToPauseAndToGoOn() {
    long event = site.newEvent("Paused", 0, 10, "");
    try (BrowserUser visitor = site.visitor(DisplaySettings.KOREAN)) {
      visitor.page().clock().install();
      visitor.open("/#/events/" + event);
      visitor.sees("choice.type");
      site.turn(event, "pause");
      visitor.page().clock().fastForward("00:40");
      visitor.sees("state.PAUSED.words");
      site.turn(event, "resume");
      visitor.page().clock().fastForward("00:10");
      visitor.sees("choice.type");
    }
  }

  @Test
  void theKeyboardAloneBooks() {
    long event = site.newEvent("By keyboard", 3, 10, "");
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.signUp(PagesFixture.newAddress("keys")).open("/#/events/" + event);
      assertThat(
              visitor
                  .page()
                  .getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setLevel(1))
                  .filter(new Locator.FilterOptions().setHasText("By keyboard")))
          .isFocused();
      visitor.press("Tab", "ArrowDown", "Tab", "Enter");
      assertThat(visitor.page().getByLabel(visitor.words.of("quantity.label"))).hasText("2");
      visitor.press("Shift+Tab", "Enter");
      assertThat(visitor.page().getByLabel(visitor.words.of("quantity.label"))).hasText("1");
      // The button that cannot be pressed any more has given the focus away.
      assertThat(visitor.button("quantity.more")).isFocused();
      visitor.press("Tab", "Enter");
      visitor.seesHeading("outcome.BOOK.done");
      visitor.sees("ticket.seats.value", "type", "S", "quantity", "1");
      assertThat(
              visitor
                  .page()
                  .getByRole(
                      AriaRole.HEADING,
                      new Page.GetByRoleOptions()
                          .setName(visitor.words.of("outcome.BOOK.done"))
                          .setLevel(1)))
          .isFocused();
    }
  }

  @Test
  void aTicketIsFollowedThroughReloadAnotherTabAndALostNotifier() {
    long event = site.newEvent("Followed", 0, 100, "");
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.signUp(PagesFixture.newAddress("followed")).open("/#/events/" + event);
      try (PagesFixture.Pause pause = site.pauseWorkers()) {
        visitor.button("book.action").click();
        visitor.seesHeading("waiting.BOOK");
        visitor.sees("line.live");
        visitor.page().reload();
        visitor.seesHeading("waiting.BOOK");
        visitor.reopen("/");
        visitor.page().getByText(visitor.words.of("tray.next")).click();
        visitor.sees("line.live");
        visitor.context.setOffline(true);
        visitor.sees("line.polling");
        visitor.context.setOffline(false);
        visitor.sees("line.live");
        site.notifier().kill();
        visitor.sees("line.polling");
      }
      // Polling alone brings the outcome.
      visitor.seesHeading("outcome.BOOK.done");

      visitor.open("/#/events/" + event);
      try (PagesFixture.Pause pause = site.pauseWorkers()) {
        visitor.button("book.action").click();
        visitor.sees("line.polling");
        site.restartNotifier();
        visitor.sees("line.live");
      }
      visitor.seesHeading("outcome.BOOK.done");
    } finally {
      site.restartNotifier();
    }
  }

  @Test
  void aRequestThatTheNetworkSwallowedIsSentAgainWithoutBookingTwice() {
    long event = site.newEvent("Offline", 0, 100, "");
    try (BrowserUser visitor = site.visitor(DisplaySettings.KOREAN)) {
      visitor.signUp(PagesFixture.newAddress("offline")).open("/#/events/" + event);
      visitor.sees("seats.left.short", "left", "100");
      // The server takes it, and the answer is lost.
      visitor.context.route(
          "**/api/v1/reservations",
          route -> {
            route.fetch();
            route.abort();
          });
      visitor.button("book.action").click();
      visitor.seesText(visitor.words.of("code.NETWORK"));
      visitor.context.unroute("**/api/v1/reservations");
      visitor.seesHeading("outcome.BOOK.done");
      visitor.open("/#/events/" + event);
      visitor.sees("seats.left.short", "left", "99");
    }
  }

  @Test
  void aClosedPageSendsItsUnansweredRequestWhenItIsOpenedAgain() {
    long event = site.newEvent("Closed", 0, 100, "");
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.signUp(PagesFixture.newAddress("closed")).open("/#/events/" + event);
      visitor.context.route("**/api/v1/reservations", route -> route.abort());
      visitor.button("book.action").click();
      visitor.seesText(visitor.words.of("code.NETWORK"));
      visitor.context.unroute("**/api/v1/reservations");
      visitor.reopen("/");
      visitor.page().getByText(visitor.words.of("tray.decided")).click();
      visitor.seesHeading("outcome.BOOK.done");
    }
  }

  @Test
  void theSaleOpensBeforeTheirEyesByTheServersClock() {
    Instant opens = Instant.now().plusSeconds(5).truncatedTo(ChronoUnit.SECONDS);
    long event = site.newEvent("Opening", 0, 10, ",\"saleOpensAt\":\"%s\"".formatted(opens));
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      // A clock that is an hour slow must not matter.
      visitor.context.addInitScript(
          "{ const real = Date.now; Date.now = () => real() - 3600000; }");
      visitor.open("/#/events/" + event);
      assertThat(visitor.page().getByRole(AriaRole.TIMER)).isVisible(BrowserUser.patience());
      assertThat(visitor.page().getByRole(AriaRole.TIMER)).containsText("00hours00minutes");
      assertThat(visitor.button("book.signIn")).isVisible(BrowserUser.patience());
      assertThat(Instant.now().plus(Duration.ofSeconds(2))).isAfter(opens);
    }
  }

  @Test
  void whatDoesNotExistIsSaidInWords() {
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.open("/#/events/999999");
      visitor.sees("code.EVENT_NOT_FOUND");
      visitor.open("/#/nowhere");
      visitor.seesHeading("lost.title");
    }
  }
}
