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

  private final PagesFixture pages;

  BuyerTest(PagesFixture pages) {
    this.pages = pages;
  }

  static Stream<DisplaySettings> displaySettings() {
    return Stream.of(DisplaySettings.ENGLISH, DisplaySettings.KOREAN.phone());
  }

  @ParameterizedTest
  @MethodSource("displaySettings")
  void newUserSignsUpBooksAndCancels(DisplaySettings settings) {
    long event = pages.newEvent("First booking", 5, 100, "");
    try (BrowserUser user = pages.newUser(settings)) {
      user.open("/#/events/" + event);
      user.seesTitle("First booking");
      user.page().getByRole(AriaRole.RADIO, new Page.GetByRoleOptions().setName("VIP")).check();
      user.button("quantity.more").click();
      user.button("book.signIn").click();

      user.seesText("signIn.needed");
      user.page().getByText(user.texts.of("signUp.title")).click();
      user.page().getByLabel(user.texts.of("field.name")).fill("Kim");
      user.page().getByLabel(user.texts.of("field.email")).fill(PagesFixture.newEmail("new"));
      user.page()
          .getByLabel(user.texts.of("field.password"), new Page.GetByLabelOptions().setExact(true))
          .fill(PagesFixture.PASSWORD);
      user.button("signUp.action").click();

      // The sign-up returns to the event and keeps the choice.
      assertThat(user.page().getByLabel(user.texts.of("quantity.label"))).hasText("2");
      user.book();
      user.seesHeading("outcome.BOOK.done");
      user.seesText("ticket.seats.value", "type", "VIP", "quantity", "2");

      user.open("/#/reservations");
      user.seesText("reservation.CONFIRMED");
      user.button("reservation.cancel").click();
      user.page()
          .getByRole(AriaRole.DIALOG)
          .getByText(
              user.texts.of("reservation.cancel"), new Locator.GetByTextOptions().setExact(true))
          .click();
      user.seesHeading("outcome.CANCEL.done");
    }
  }

  @Test
  void browserLanguageAppliesUntilUserChangesIt() {
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN)) {
      user.open("/");
      assertThat(user.page().locator("html")).hasAttribute("lang", "ko");
      user.button("language.other").click();
      assertThat(user.page().locator("html")).hasAttribute("lang", "en");
      user.reopen("/");
      assertThat(user.page().locator("html")).hasAttribute("lang", "en");
      assertThat(
              user.page()
                  .getByRole(AriaRole.LINK)
                  .filter(new Locator.FilterOptions().setHasText("Sign in")))
          .isVisible();
    }
  }

  @Test
  void invalidInputIsExplainedAtItsField() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/#/sign-up");
      user.button("signUp.action").click();
      user.seesText("field.name.invalid");
      user.seesText("field.email.invalid");
      user.seesText("field.password.invalid");
      assertThat(user.page().getByLabel(user.texts.of("field.name"))).isFocused();
    }
    String taken = PagesFixture.newEmail("taken");
    pages.signUp(taken, "First");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN)) {
      user.open("/#/sign-up");
      user.page().getByLabel(user.texts.of("field.name")).fill("Second");
      user.page().getByLabel(user.texts.of("field.email")).fill(taken);
      user.page().locator("#password").fill(PagesFixture.PASSWORD);
      user.button("signUp.action").click();
      user.seesText("code.EMAIL_TAKEN");
    }
  }

  @Test
  void openPageShowsThatEventIsSoldOut() {
    long event = pages.newEvent("One seat", 0, 1, "");
    String other = PagesFixture.newEmail("other");
    pages.signUp(other, "Other");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/#/events/" + event);
      user.seesText("seats.left.short", "left", "1");
      pages.book(other, event, "S", 1);
      user.seesText("state.SOLD_OUT.words");
    }
  }

  @Test
  void onlyOneOfTwoBuyersGetsLastSeat() {
    long event = pages.newEvent("Last seat", 0, 1, "");
    try (BrowserUser one = pages.newUser(DisplaySettings.ENGLISH);
        BrowserUser two = pages.newUser(DisplaySettings.KOREAN)) {
      for (BrowserUser user : List.of(one, two)) {
        user.signUp(PagesFixture.newEmail("race")).open("/#/events/" + event);
      }
      try (PagesFixture.WorkerPause pause = pages.pauseWorkers()) {
        for (BrowserUser user : List.of(one, two)) {
          user.book();
          user.seesHeading("waiting.BOOK");
        }
      }
      for (BrowserUser user : List.of(one, two)) {
        assertThat(user.page().locator("[data-outcome]")).isVisible(BrowserUser.visibleTimeout());
      }
      List<String> outcomes =
          Stream.of(one, two)
              .map(user -> user.page().locator("[data-outcome]").getAttribute("data-outcome"))
              .toList();
      assertThat(outcomes).containsExactlyInAnyOrder("BOOK-CONFIRMED", "BOOK-REJECTED");
      BrowserUser loser = outcomes.getFirst().endsWith("REJECTED") ? one : two;
      loser.seesHeading("rejected.BOOK");
      loser.seesText("reason.SOLD_OUT");
    }
  }

  @Test
  void holdIsConfirmedInTimeOrExpires() {
    long event = pages.newEvent("Held", 0, 10, ",\"holdMinutes\":5");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH.phone())) {
      user.page().clock().install();
      user.signUp(PagesFixture.newEmail("hold")).open("/#/events/" + event);
      user.book();
      user.seesHeading("outcome.held");
      user.page().getByText(Pattern.compile("\\b4:\\d\\d\\b")).first().waitFor();
      user.button("hold.confirm").click();
      user.seesHeading("outcome.CONFIRM.done");

      user.open("/#/events/" + event);
      user.book();
      user.seesHeading("outcome.held");
      pages.expireHold(event);
      user.page().clock().fastForward("00:10");
      user.seesHeading("held.EXPIRED");

      user.open("/#/events/" + event);
      user.seesText("seats.left.short", "left", "9");
      user.book();
      user.seesHeading("outcome.held");
      user.open("/#/reservations");
      user.seesText("reservation.HELD");
      pages.expireHold(event);
      user.page().clock().fastForward("00:10");
      user.seesText("reservation.EXPIRED");
      assertThat(user.page().locator(".hold")).hasCount(0);
    }
  }

  @Test
  void openPageShowsPauseAndResumeOfSale() {
    long event = pages.newEvent("Paused", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN)) {
      user.page().clock().install();
      user.open("/#/events/" + event);
      user.seesText("choice.type");
      pages.pauseSale(event);
      user.page().clock().fastForward("00:40");
      user.seesText("state.PAUSED.words");
      pages.resumeSale(event);
      user.page().clock().fastForward("00:10");
      user.seesText("choice.type");
    }
  }

  @Test
  void bookingWorksByKeyboardAlone() {
    long event = pages.newEvent("By keyboard", 3, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("keys")).open("/#/events/" + event);
      assertThat(
              user.page()
                  .getByRole(AriaRole.HEADING, new Page.GetByRoleOptions().setLevel(1))
                  .filter(new Locator.FilterOptions().setHasText("By keyboard")))
          .isFocused();
      user.press("Tab");
      assertThat(user.page().locator("a.map")).isFocused();
      // The cheapest type is preselected; the arrow key moves to the other one.
      user.press("Tab", "ArrowDown", "Tab", "Enter");
      assertThat(user.page().getByLabel(user.texts.of("quantity.label"))).hasText("2");
      user.press("Shift+Tab", "Enter");
      assertThat(user.page().getByLabel(user.texts.of("quantity.label"))).hasText("1");
      // The disabled button moved the focus to the other one.
      assertThat(user.button("quantity.more")).isFocused();
      user.press("Tab", "Enter");
      assertThat(user.page().locator("#review-yes")).isFocused();
      user.press("Enter");
      user.seesHeading("outcome.BOOK.done");
      user.seesText("ticket.seats.value", "type", "VIP", "quantity", "1");
      assertThat(
              user.page()
                  .getByRole(
                      AriaRole.HEADING,
                      new Page.GetByRoleOptions()
                          .setName(user.texts.of("outcome.BOOK.done"))
                          .setLevel(1)))
          .isFocused();
    }
  }

  @Test
  void ticketIsFollowedThroughReloadAndNotifierOutage() {
    long event = pages.newEvent("Followed", 0, 100, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("followed")).open("/#/events/" + event);
      try (PagesFixture.WorkerPause pause = pages.pauseWorkers()) {
        user.book();
        user.seesHeading("waiting.BOOK");
        user.seesText("line.live");
        user.page().reload();
        user.seesHeading("waiting.BOOK");
        user.reopen("/");
        user.page().getByText(user.texts.of("tray.next")).click();
        user.seesText("line.live");
        user.context.setOffline(true);
        user.seesText("line.polling");
        user.context.setOffline(false);
        user.seesText("line.live");
        pages.notifier().kill();
        user.seesText("line.polling");
      }
      // Polling finds the decision without the notifier.
      user.seesHeading("outcome.BOOK.done");

      user.open("/#/events/" + event);
      try (PagesFixture.EventPause pause = pages.pauseEvent(event)) {
        user.book();
        user.seesText("line.polling");
        pages.restartNotifier();
        user.seesText("line.live");
      }
      user.seesHeading("outcome.BOOK.done");
    } finally {
      pages.restartNotifier();
    }
  }

  @Test
  void lostResponseIsRetriedWithoutSecondBooking() {
    long event = pages.newEvent("Offline", 0, 100, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN)) {
      user.signUp(PagesFixture.newEmail("offline")).open("/#/events/" + event);
      user.seesText("seats.left.short", "left", "100");
      // The server accepts the request, and the response is lost.
      user.context.route(
          "**/api/v1/reservations",
          route -> {
            route.fetch();
            route.abort();
          });
      user.book();
      user.seesTextContaining(user.texts.of("code.NETWORK"));
      user.context.unroute("**/api/v1/reservations");
      user.seesHeading("outcome.BOOK.done");
      user.open("/#/events/" + event);
      user.seesText("seats.left.short", "left", "99");
    }
  }

  @Test
  void reopenedPageSendsUnansweredRequest() {
    long event = pages.newEvent("Closed", 0, 100, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("closed")).open("/#/events/" + event);
      user.context.route("**/api/v1/reservations", route -> route.abort());
      user.book();
      user.seesTextContaining(user.texts.of("code.NETWORK"));
      user.context.unroute("**/api/v1/reservations");
      user.reopen("/");
      user.page().getByText(user.texts.of("tray.decided")).click();
      user.seesHeading("outcome.BOOK.done");
    }
  }

  @Test
  void saleOpensByServerClock() {
    Instant opens = Instant.now().plusSeconds(10).truncatedTo(ChronoUnit.SECONDS);
    long event = pages.newEvent("Opening", 0, 10, ",\"saleOpensAt\":\"%s\"".formatted(opens));
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      // The local clock is one hour slow.
      user.context.addInitScript("{ const real = Date.now; Date.now = () => real() - 3600000; }");
      user.open("/#/events/" + event);
      assertThat(user.page().getByRole(AriaRole.TIMER)).isVisible(BrowserUser.visibleTimeout());
      assertThat(user.page().getByRole(AriaRole.TIMER)).containsText("00hours00minutes");
      assertThat(user.button("book.signIn")).isVisible(BrowserUser.visibleTimeout());
      assertThat(Instant.now().plus(Duration.ofSeconds(2))).isAfter(opens);
    }
  }

  @Test
  void unknownEventAndViewShowAnError() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/#/events/999999");
      user.seesText("code.EVENT_NOT_FOUND");
      user.open("/#/nowhere");
      user.seesHeading("lost.title");
    }
  }
}
