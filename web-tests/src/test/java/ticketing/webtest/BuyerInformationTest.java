package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.LoadState;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Information that buyers need: openings, times, cancelled events, holds and lost sessions.
@ExtendWith(PagesFixture.Extension.class)
class BuyerInformationTest {

  private static final String NEW_YORK = "America/New_York";

  private final PagesFixture pages;

  BuyerInformationTest(PagesFixture pages) {
    this.pages = pages;
  }

  @Test
  void formAppearsAfterTheOpeningOnly() {
    Instant opens = Instant.now().plusSeconds(6).truncatedTo(ChronoUnit.SECONDS);
    long event = pages.newEvent("Exact opening", 0, 10, ",\"saleOpensAt\":\"%s\"".formatted(opens));
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.context.addInitScript(
          """
          const seen = setInterval(() => {
            if (document.querySelector('form.choice')) {
              window.formSeenAt = Date.now();
              clearInterval(seen);
            }
          }, 5);\
          """);
      user.open("/events/" + event);
      assertThat(user.page().getByRole(AriaRole.TIMER)).isVisible(BrowserUser.visibleTimeout());
      assertThat(user.button("book.signIn")).isVisible(BrowserUser.visibleTimeout());
      Number seenAt = (Number) user.page().evaluate("window.formSeenAt");
      assertThat(seenAt.longValue()).isGreaterThanOrEqualTo(opens.toEpochMilli());
    }
  }

  @Test
  void earlyBookingIsRepeatedAtTheOpening() {
    long event = pages.newEvent("Early click", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("early")).open("/events/" + event);
      AtomicBoolean rejected = new AtomicBoolean();
      user.context.route(
          "**/api/v1/reservations",
          route -> {
            if (rejected.getAndSet(true)) {
              route.resume();
              return;
            }
            route.fulfill(
                new Route.FulfillOptions()
                    .setStatus(409)
                    .setHeaders(
                        Map.of("Content-Type", "application/problem+json", "Retry-After", "1"))
                    .setBody(
                        "{\"code\":\"SALE_NOT_OPEN\",\"opensAt\":\"%s\"}"
                            .formatted(Instant.now().plusMillis(500))));
          });
      user.book();
      user.seesHeading("outcome.BOOK.done");
      assertThat(rejected).isTrue();
    }
  }

  @Test
  void cancelledEventIsNotShownAsConfirmed() {
    long event = pages.newEvent("Called off", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone())) {
      user.signUp(PagesFixture.newEmail("cancelled")).open("/events/" + event);
      user.book();
      user.seesHeading("outcome.BOOK.done");
      String ticket = user.page().url();
      pages.cancelEvent(event);
      user.page().navigate(ticket);
      user.seesHeading("outcome.eventCancelled");
      assertThat(user.page().locator(".mark.good")).hasCount(0);
      user.open("/reservations");
      user.seesText("reservation.eventCancelled");
      assertThat(user.page().locator(".chip.good")).hasCount(0);
    }
  }

  @Test
  void requestsAndHoldsAppearOnEveryDevice() {
    long event = pages.newEvent("Two devices", 0, 10, ",\"holdMinutes\":5");
    String email = PagesFixture.newEmail("devices");
    pages.signUp(email, "Devices");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      try (PagesFixture.WorkerPause pause = pages.pauseWorkers()) {
        pages.submitBookings(email, event, "S", 1);
        user.signIn("/sign-in", email);
        assertThat(user.page().locator(".tray")).containsText(user.texts.of("tray.next"));
        user.page().locator(".tray a").first().click();
        user.seesHeading("waiting.BOOK");
        user.seesText("waiting.unknown");
      }
      user.seesHeading("outcome.held");
      user.page().clock().install();
      user.open("/");
      assertThat(user.page().locator(".tray")).containsText("Held for you");
      pages.expireHold(event);
      user.page().clock().fastForward("05:30");
      assertThat(user.page().locator(".tray")).containsText(user.texts.of("tray.expired"));
      user.button("admin.close").click();
      assertThat(user.page().locator(".tray")).hasCount(0);
    }
  }

  @Test
  void lostSessionIsExplainedAndKeepsTheChoice() {
    long event = pages.newEvent("Lost session", 0, 10, "");
    String email = PagesFixture.newEmail("lost");
    pages.signUp(email, "Lost");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signIn("/sign-in?next=events/" + event, email);
      user.button("quantity.more").click();
      user.answerWithProblem("**/api/v1/reservations", 401, "UNAUTHENTICATED");
      user.book();
      user.seesHeading("signIn.title");
      user.seesText("code.UNAUTHENTICATED");
      user.context.unroute("**/api/v1/reservations");
      user.page().getByLabel(user.texts.of("field.email")).fill(email);
      user.page().locator("#password").fill(PagesFixture.PASSWORD);
      user.press("Enter");
      assertThat(user.page().getByLabel(user.texts.of("quantity.label"))).hasText("2");
    }
  }

  @Test
  void showTimesAreThoseOfTheVenue() {
    long event =
        pages.newEvent("Seoul evening", 0, 10, ",\"saleOpensAt\":\"2031-12-01T01:00:00Z\"");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH.in(NEW_YORK))) {
      user.open("/events/" + event);
      // 10:00 UTC is 19:00 in Seoul.
      user.seesTextContaining("December 24, 2031 at 7:00 PM (Korean Standard Time)");
      user.seesTextContaining("December 1, 2031 at 10:00 AM (Korean Standard Time)");
      user.seesText("time.own", "time", "Nov 30, 2031, 8:00 PM (Eastern Standard Time)");
      user.open("/?q=Seoul%20evening");
      user.seesTextContaining("Dec 24, 2031, 7:00 PM (Korean Standard Time)");
      user.button("language.other").click();
      user.seesTextContaining("오후 7:00 (한국 표준시)");
    }
  }

  @Test
  void navigationKeepsTheListAndForms() {
    String name = "Paged " + PagesFixture.newEmail("").substring(1, 6);
    for (int i = 0; i < 25; i++) {
      pages.newEvent(name, 0, 10, "");
    }
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      AtomicInteger sockets = new AtomicInteger();
      user.page().onWebSocket(socket -> sockets.incrementAndGet());
      user.open("/?q=" + name.replace(" ", "%20"));
      Locator cards = user.page().locator(".event");
      assertThat(cards).hasCount(20);
      user.button("list.more").click();
      assertThat(cards).hasCount(25);
      assertThat(sockets).hasValue(1);
      cards.nth(23).locator("a").click();
      user.seesTitle(name);
      user.page().goBack();
      assertThat(cards).hasCount(25);
      user.page().waitForFunction("scrollY > 500");

      user.page().locator("#skip").focus();
      user.press("Enter");
      assertThat(cards).hasCount(25);
      assertThat(user.page().locator("main")).isFocused();

      user.open("/sign-in");
      user.page().getByLabel(user.texts.of("field.email")).fill("kept@example.com");
      user.button("language.other").click();
      assertThat(user.page().locator("html")).hasAttribute("lang", "ko");
      assertThat(user.page().locator("#email")).hasValue("kept@example.com");
    }
  }

  @Test
  void linkToTheListKeepsItsSearch() {
    String name = "Linked " + PagesFixture.newEmail("").substring(1, 6);
    pages.newEvent(name, 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/?q=" + name.replace(" ", "%20"));
      user.page().locator(".event a").click();
      user.seesTitle(name);
      user.page().locator(".back a").click();
      assertThat(user.page()).hasURL(Pattern.compile("q=Linked"));
      assertThat(user.page().locator(".event")).hasCount(1);
      user.open("/events/" + pages.newEvent(name, 0, 10, ""));
      user.page().locator(".back a").click();
      assertThat(user.page()).hasURL(Pattern.compile("/$"));
    }
  }

  @Test
  void otherLanguageKeepsFocusAndWaitingListForm() {
    long event = pages.newEvent("Focused", 0, 1, ",\"waitingList\":true,\"offerMinutes\":100");
    String email = PagesFixture.newEmail("focus");
    pages.signUp(email, "Focus");
    pages.book(email, event, "S", 1);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/events/" + event);
      user.seesText("waitlist.words", "span", "1 hour 40 minutes");
      user.page().locator("#waiting-quantity").selectOption("2");
      user.page().locator("#language").press("Enter");
      assertThat(user.page().locator("html")).hasAttribute("lang", "ko");
      assertThat(user.page().locator("#waiting-quantity")).hasValue("2");
      user.open("/");
      user.page().locator("#language").press("Enter");
      assertThat(user.page().locator("html")).hasAttribute("lang", "en");
      assertThat(user.page().locator("#language")).isFocused();
    }
  }

  @Test
  void lateSuccessKeepsTheOpenedView() {
    long event = pages.newEvent("Late answer", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("late")).open("/events/" + event);
      AtomicInteger requests = new AtomicInteger();
      user.context.route(
          "**/api/v1/reservations",
          route -> {
            if (requests.incrementAndGet() == 1) {
              route.abort();
            } else {
              route.resume();
            }
          });
      user.book();
      user.seesTextContaining(user.texts.of("code.NETWORK"));
      user.page()
          .getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Events").setExact(true))
          .click();
      user.seesHeading("events.title");
      user.seesText("tray.decided");
      assertThat(user.page().url()).endsWith("/");
      user.seesHeading("events.title");
    }
  }

  @Test
  void lateAnswerOfFormKeepsTheOpenedView() {
    String email = PagesFixture.newEmail("late");
    pages.signUp(email, "Late");
    pages.newEvent("Late answer", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/forgot-password");
      user.page().getByLabel(user.texts.of("field.email")).fill(email);
      String opened = leaveBeforeTheAnswer(user, "**/auth/password-reset", "forgot.action");
      assertThat(user.page().locator("#spoken")).hasText(user.texts.of("forgot.sent"));
      user.seesTitle(opened);

      user.open("/sign-in?next=account");
      user.page().getByLabel(user.texts.of("field.email")).fill(email);
      user.page().locator("#password").fill(PagesFixture.PASSWORD);
      opened = leaveBeforeTheAnswer(user, "**/auth/token", "signIn.action");
      assertThat(user.button("menu.label")).isVisible(BrowserUser.visibleTimeout());
      user.seesTitle(opened);
      assertThat(user.page().url()).contains("/events/");
    }
  }

  /// Submits a form, and delays the answer until an event is shown.
  ///
  /// @return name of the event
  private static String leaveBeforeTheAnswer(BrowserUser user, String path, String action) {
    AtomicReference<Route> delayed = new AtomicReference<>();
    user.page().route(path, delayed::set);
    user.button(action).click();
    user.page().waitForCondition(() -> delayed.get() != null);
    user.page().locator(".places a").first().click();
    Locator card = user.page().locator(".event a").first();
    String event = card.textContent();
    card.click();
    user.seesTitle(event);
    delayed.get().resume();
    return event;
  }

  @Test
  void warmVisitNeedsThreeRequestsAtMost() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/");
      user.page().locator(".event").first().waitFor();
      // A visit is warm after all posters of the first one, which other tests may have added.
      user.page().waitForLoadState(LoadState.NETWORKIDLE);
      user.page().reload();
      user.page().locator(".event").first().waitFor();
      user.page().waitForLoadState(LoadState.NETWORKIDLE);
      List<?> transferred =
          (List<?>)
              user.page()
                  .evaluate(
                      """
                      performance.getEntriesByType('resource').filter(e => e.transferSize > 0)
                          .map(e => e.name)\
                      """);
      assertThat(transferred).hasSizeLessThanOrEqualTo(2); // and the page
    }
  }

  @Test
  void datesMonthsAndOpeningsOrderTheList() {
    String name = "Dated " + PagesFixture.newEmail("").substring(1, 6);
    String soon = "%s soon".formatted(name);
    pages.newEvent(
        """
        {"eventName":"%s","eventDate":"%s","saleOpensAt":"%s",
         "seatTypes":[{"seatType":"S","price":"55000","totalSeats":10}]}\
        """
            .formatted(
                soon,
                Instant.now().plus(10, ChronoUnit.DAYS),
                Instant.now().plus(5, ChronoUnit.HOURS)));
    pages.newEvent(name + " later", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/?q=" + name.replace(" ", "%20"));
      assertThat(user.page().locator(".event")).hasCount(2);
      assertThat(user.page().locator(".month")).hasCount(2);
      assertThat(user.page().locator(".month").last()).hasText("December 2031");
      assertThat(user.page().locator(".soon:not([hidden])")).containsText("Opens in 4:59:");
      user.button("dates.month").click();
      assertThat(user.page().locator(".event")).hasCount(1);
      assertThat(user.page().locator(".event")).containsText(soon);
      user.page().reload();
      assertThat(user.page().locator(".event")).hasCount(1);
      assertThat(user.button("dates.month")).hasAttribute("aria-pressed", "true");
    }
  }

  @Test
  void monthOfTwoZonesHasOneHeading() {
    String name = "Zones " + PagesFixture.newEmail("").substring(1, 6);
    // In order of time, the events are in January, February and January of their zones.
    newEventAt(name, "2032-01-31T14:00:00Z", "Asia/Seoul");
    newEventAt(name, "2032-01-31T15:30:00Z", "Asia/Seoul");
    newEventAt(name, "2032-01-31T16:00:00Z", NEW_YORK);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/?q=" + name.replace(" ", "%20"));
      assertThat(user.page().locator(".event")).hasCount(3);
      assertThat(user.page().locator(".month"))
          .hasText(new String[] {"January 2032", "February 2032"});
      assertThat(user.page().locator(".events > li").first()).hasText("January 2032");
    }
  }

  private void newEventAt(String name, String date, String zone) {
    pages.newEvent(
        """
        {"eventName":"%s","eventDate":"%s","timeZone":"%s",
         "seatTypes":[{"seatType":"S","price":"55000","totalSeats":10}]}\
        """
            .formatted(name, date, zone));
  }

  @Test
  void reviewShowsPriceAndTermsBeforeTheBooking() {
    long event = pages.newEvent("Reviewed", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("review")).open("/events/" + event);
      assertThat(user.page().locator("#footer")).containsText(PagesFixture.OPERATOR);
      assertThat(user.page().locator("#footer")).not().containsText(user.texts.of("page.footer"));
      AtomicInteger requests = new AtomicInteger();
      user.context.route(
          "**/api/v1/reservations",
          route -> {
            requests.incrementAndGet();
            route.resume();
          });
      user.button("quantity.more").click();
      user.button("book.action").click();
      Locator review = user.page().getByRole(AriaRole.DIALOG);
      assertThat(review).containsText("₩110,000");
      assertThat(review.getByRole(AriaRole.LINK)).hasAttribute("href", "https://example.com/terms");
      user.button("review.back").click();
      assertThat(review).hasCount(0);
      assertThat(requests).hasValue(0);
      try (PagesFixture.WorkerPause pause = pages.pauseWorkers()) {
        user.book();
        user.seesHeading("waiting.BOOK");
        assertThat(user.page().locator("#footer")).containsText(user.texts.of("page.footer"));
      }
      user.seesHeading("outcome.BOOK.done");
      String calendar =
          (String)
              user.page()
                  .evaluate(
                      """
                      label => new Promise(resolve => {
                        URL.createObjectURL = blob => {
                          blob.text().then(resolve);
                          return 'blob:kept';
                        };
                        [...document.querySelectorAll('button')].find(b => b.textContent === label).click();
                      })\
                      """,
                      user.texts.of("keep.calendar"));
      assertThat(calendar)
          .contains("DTSTART:20311224T100000Z\r\n", "SUMMARY:Reviewed\r\n")
          .contains("LOCATION:Hall\\, Seoul\r\n");
      Object withoutVenue =
          user.page()
              .evaluate(
                  """
                  async () => {
                    const module = [...document.querySelectorAll('script[type=module]')].at(-1).src;
                    const {calendarText} = await import(new URL('./calendar.js', module));
                    return calendarText({eventName: 'A', eventDate: '2031-12-24T10:00:00Z'}, 1, 'B');
                  }\
                  """);
      assertThat((String) withoutVenue).contains("SUMMARY:A\r\nDESCRIPTION:B\r\n");
    }
  }
}
