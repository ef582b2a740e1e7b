package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The account menu by keyboard, and a buyer that leaves the line.
@ExtendWith(PagesFixture.Extension.class)
class AccountMenuTest {

  private static final String TICKETS = "**/api/v1/tickets/*";

  private final PagesFixture pages;

  AccountMenuTest(PagesFixture pages) {
    this.pages = pages;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void keyboardOpensAndClosesAccountMenu(boolean phone) {
    DisplaySettings settings = phone ? DisplaySettings.KOREAN.phone() : DisplaySettings.ENGLISH;
    try (BrowserUser user = pages.newUser(settings)) {
      user.signUp(PagesFixture.newEmail("menu"));
      Locator button = user.button("menu.label");
      Locator menu = user.page().locator("#account-menu");
      assertThat(menu).isHidden();
      button.focus();
      user.press("Enter");
      assertThat(menu).isVisible();
      assertThat(button).hasAttribute("aria-expanded", "true");
      assertThat(menu.locator("a").first()).isFocused();
      user.takeScreenshot(phone ? "account-menu-phone" : "account-menu");
      user.press("Escape");
      assertThat(menu).isHidden();
      assertThat(button).isFocused();
      assertThat(button).hasAttribute("aria-expanded", "false");

      user.press("Enter");
      assertThat(menu.locator("a").first()).isFocused();
      user.press("Tab", "Tab", "Enter");
      user.seesHeading("account.title");
      assertThat(user.page().locator("#delete")).isInViewport();
      button.click();
      user.button("nav.signOut").click();
      user.seesHeading("events.title");
      assertThat(button).hasCount(0);
    }
  }

  @Test
  void leavingTheLineCancelsTheSeats() {
    long event = pages.newEvent("Left line", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("leave")).open("/events/" + event);
      try (PagesFixture.EventPause pause = pages.pauseEvent(event)) {
        user.book();
        user.seesHeading("waiting.BOOK");
        user.button("line.leave").click();
        user.page().locator("dialog button[value=yes]").click();
        user.seesText("line.left");
        user.takeScreenshot("left-line");
      }
      user.seesHeading("outcome.left");
      user.open("/reservations");
      user.page().waitForCondition(() -> pages.event(event).get("availableSeats").intValue() == 10);
      user.page().reload();
      user.seesText("reservation.CANCELLED");
    }
  }

  @Test
  void refusedCancellationIsNotRepeated() {
    long event = pages.newEvent("Refused line", 0, 10, "");
    AtomicInteger cancellations = new AtomicInteger();
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("refused")).open("/events/" + event);
      user.page()
          .route(
              "**/api/v1/reservations/*",
              route -> {
                if (!route.request().method().equals("DELETE")) {
                  route.resume();
                  return;
                }
                cancellations.incrementAndGet();
                route.fulfill(BrowserUser.problem(409, "SALE_CLOSED"));
              });
      try (PagesFixture.EventPause pause = pages.pauseEvent(event)) {
        user.book();
        user.button("line.leave").click();
        user.page().locator("dialog button[value=yes]").click();
        user.seesText("line.left");
      }
      user.seesHeading("outcome.BOOK.done");
      user.page().reload();
      user.seesHeading("outcome.BOOK.done");
      assertThat(cancellations.get()).isEqualTo(1);
    }
  }

  @Test
  void leftLineSurvivesTheSession() {
    long event = pages.newEvent("Ended session", 0, 10, "");
    String email = PagesFixture.newEmail("ended");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(email).open("/events/" + event);
      try (PagesFixture.EventPause pause = pages.pauseEvent(event)) {
        user.book();
        user.button("line.leave").click();
        user.page().locator("dialog button[value=yes]").click();
        user.seesText("line.left");
        user.answerWithProblem(TICKETS, 401, "UNAUTHENTICATED");
        // The first read of the ticket ends the session.
        user.open("/events/" + event);
        user.seesText("code.UNAUTHENTICATED");
        user.page().unroute(TICKETS);
        user.signIn("/sign-in", email);
      }
      user.open("/reservations");
      Locator cancelled = user.page().getByText(user.texts.of("reservation.CANCELLED"));
      await()
          .pollInSameThread()
          .atMost(Duration.ofSeconds(30))
          .until(() -> {
            user.page().reload();
            user.seesHeading("nav.reservations");
            return cancelled.count() > 0;
          });
    }
  }

  @Test
  void expiredSessionLeadsToTheSignIn() {
    long event = pages.newEvent("Expired session", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("expired")).open("/events/" + event);
      user.book();
      user.seesHeading("outcome.BOOK.done");
      user.open("/reservations");
      user.button("reservation.cancel").click();
      user.page()
          .evaluate(
              """
              () => {
                const session = JSON.parse(localStorage.getItem('ticketing.session'));
                localStorage.setItem('ticketing.session',
                  JSON.stringify({...session, expiresAt: 0, refreshExpiresAt: 0}));
              }\
              """);
      user.page().locator("dialog button[value=yes]").click();
      user.seesHeading("signIn.title");
    }
  }

  @Test
  void buyerReturnsToTheLine() {
    long event = pages.newEvent("Kept line", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone())) {
      user.signUp(PagesFixture.newEmail("stay")).open("/events/" + event);
      try (PagesFixture.EventPause pause = pages.pauseEvent(event)) {
        user.book();
        user.button("line.leave").click();
        user.page().locator("dialog button[value=yes]").click();
        user.button("line.stay").click();
        assertThat(user.button("line.leave")).isVisible();
      }
      user.seesHeading("outcome.BOOK.done");
    }
  }
}
