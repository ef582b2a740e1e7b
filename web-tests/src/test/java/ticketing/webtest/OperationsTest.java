package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.SelectOption;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(PagesFixture.Extension.class)
class OperationsTest {

  private static final Pattern NON_ZERO = Pattern.compile("[1-9]");
  private static final LocatorAssertions.ContainsTextOptions WITHIN_A_MINUTE =
      new LocatorAssertions.ContainsTextOptions().setTimeout(60_000);

  private final PagesFixture pages;

  OperationsTest(PagesFixture pages) {
    this.pages = pages;
  }

  @Test
  void simulationRunsUntilSoldOut() {
    pages.purgeDeadLetters();
    String buyer = PagesFixture.newEmail("limited");
    pages.signUp(buyer, "Limited");
    long limited = pages.newEvent("Limited", 0, 10, ",\"maxSeatsPerUser\":1");
    pages.book(buyer, limited, "S", 1);
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", pages.admin);
      assertThat(tile(admin, "tile.workers")).containsText("1", WITHIN_A_MINUTE);
      admin.button("ops.simulate").click();
      assertThat(admin.page().locator("#simulation-state")).containsText("of 900", WITHIN_A_MINUTE);
      assertThat(tile(admin, "tile.accepted")).containsText(NON_ZERO, WITHIN_A_MINUTE);
      assertThat(tile(admin, "tile.decided")).containsText(NON_ZERO, WITHIN_A_MINUTE);
      assertThat(tile(admin, "tile.latency"))
          .containsText(Pattern.compile("[1-9].*s"), WITHIN_A_MINUTE);
      Locator rejects = chart(admin, "chart.rejects");
      // ingress-api refuses bookings of a sold-out event, so the simulation may have no rejection.
      await()
          .pollInSameThread()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> {
            pages.submitBookings(buyer, limited, "S", 3);
            assertThat(rejects).containsText(admin.texts.of("rejects.LIMIT_EXCEEDED"));
          });
      assertThat(admin.page().locator("#simulation-state"))
          .containsText(Pattern.compile("accepted.* 0 failed"), WITHIN_A_MINUTE);
      assertThat(
              admin
                  .page()
                  .locator("tr")
                  .filter(new Locator.FilterOptions().setHasText("Simulated on-sale"))
                  .first())
          .containsText("0 / 300", WITHIN_A_MINUTE);
      assertThat(chart(admin, "chart.seats")).containsText("Simulated on-sale");
      // Each of the eight charts has drawn a pixel.
      assertThat(admin.page().locator(".chart canvas")).hasCount(8);
      assertThat(
              (Boolean)
                  admin
                      .page()
                      .evaluate(
                          """
                          () => [...document.querySelectorAll('.chart canvas')].every(canvas =>
                            canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
                              .data.some(value => value !== 0))\
                          """))
          .isTrue();
      admin.takeScreenshot("operations");
      admin.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
      admin.button("language.other").click();
      assertThat(admin.page().locator("html")).hasAttribute("lang", "ko");
      assertThat(admin.page().locator(".chart canvas")).hasCount(8);
      admin.takeScreenshot("operations-dark");
    }
  }

  @Test
  void eventIsCreatedChangedPausedResumedAndCancelled() {
    String name = "Managed " + PagesFixture.newEmail("").substring(1, 6);
    try (BrowserUser admin = pages.newUser(DisplaySettings.KOREAN)) {
      admin.signIn("/operations", pages.admin);
      admin.button("admin.create").click();
      admin.button("admin.save").click();
      admin.seesText("field.eventName.invalid");
      admin.page().locator("#eventName").fill(name);
      admin.page().locator("#eventDate").fill("2031-05-05T19:30");
      admin.page().locator("#saleOpensAt").fill("2031-01-02T10:00");
      admin.page().locator("#saleClosesAt").fill("2031-01-01T10:00");
      admin.page().locator("#seatType0").fill("R");
      admin.page().locator("#price0").fill("88000");
      admin.page().locator("#totalSeats0").fill("20");
      admin.button("admin.save").click();
      // The server rejects the times; the page shows the error at the field.
      admin.seesText("field.saleClosesAt.invalid");
      admin.page().locator("#saleOpensAt").fill("");
      admin.page().locator("#saleClosesAt").fill("");
      admin.button("admin.save").click();

      Locator row = admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(name));
      assertThat(row).containsText("20 / 20", WITHIN_A_MINUTE);
      press(row, admin, "admin.edit.of", name);
      admin.page().locator("#totalSeats0").fill("30");
      admin.button("admin.save").click();
      assertThat(row).containsText("30 / 30", WITHIN_A_MINUTE);
      press(row, admin, "admin.pause.of", name);
      assertThat(row).containsText(admin.texts.of("state.PAUSED"), WITHIN_A_MINUTE);
      press(row, admin, "admin.resume.of", name);
      assertThat(row).containsText(admin.texts.of("state.ON_SALE"), WITHIN_A_MINUTE);
      press(row, admin, "admin.cancel.of", name);
      admin
          .page()
          .getByRole(AriaRole.DIALOG)
          .getByText(admin.texts.of("admin.cancel"), new Locator.GetByTextOptions().setExact(true))
          .click();
      assertThat(row).containsText(admin.texts.of("state.CANCELLED"), WITHIN_A_MINUTE);
    }
  }

  private static void fillEvent(BrowserUser admin, String name) {
    admin.button("admin.create").click();
    admin.page().locator("#eventName").fill(name);
    admin.page().locator("#eventDate").fill("2031-05-05T19:30");
    admin.page().locator("#seatType0").fill("R");
    admin.page().locator("#price0").fill("88000");
    admin.page().locator("#totalSeats0").fill("20");
  }

  @Test
  void eventFormSurvivesTheSession() {
    String name = "Kept " + PagesFixture.newEmail("").substring(1, 6);
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=events", pages.admin);
      fillEvent(admin, name);
      admin
          .page()
          .evaluate(
              """
              () => {
                const session = JSON.parse(localStorage.getItem('ticketing.session'));
                localStorage.setItem('ticketing.session', JSON.stringify({...session, token: 'ended', refreshToken: null}));
              }\
              """);
      admin.button("admin.save").click();
      Locator dialog = admin.page().getByRole(AriaRole.DIALOG);
      assertThat(dialog.getByText(admin.texts.of("code.UNAUTHENTICATED"))).isInViewport();
      Page other = admin.context.waitForPage(() -> dialog.getByText("(new tab)").click());
      other.locator("#email").fill(pages.admin);
      other.locator("#password").fill(PagesFixture.PASSWORD);
      other.keyboard().press("Enter");
      assertThat(other.locator(".tabs")).isVisible();
      other.close();
      admin.button("admin.save").click();
      Locator row = admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(name));
      assertThat(row).containsText("20 / 20", WITHIN_A_MINUTE);
    }
  }

  @Test
  void changedEventFormIsNotDiscardedUnasked() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.KOREAN)) {
      admin.signIn("/operations?tab=events", pages.admin);
      fillEvent(admin, "Discarded");
      admin.press("Escape");
      admin.button("sure.no").click();
      assertThat(admin.page().locator("#eventName")).hasValue("Discarded");
      admin.button("admin.close").click();
      admin.button("admin.discard").click();
      assertThat(admin.page().getByRole(AriaRole.DIALOG)).hasCount(0);
      admin.button("admin.create").click();
      admin.press("Escape");
      assertThat(admin.page().getByRole(AriaRole.DIALOG)).hasCount(0);
    }
  }

  @Test
  void endedSessionIsExplainedToTheAdministrator() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.KOREAN)) {
      admin.signIn("/operations", pages.admin);
      admin.answerWithProblem("**/api/v1/operations/queue", 401, "UNAUTHENTICATED");
      admin.seesText("code.UNAUTHENTICATED");
      admin.seesHeading("signIn.title");
      assertThat(admin.page().locator("h1")).isFocused();
    }
  }

  @Test
  void saleStatesDiffer() {
    String name = "State " + PagesFixture.newEmail("").substring(1, 6);
    String buyer = PagesFixture.newEmail("all");
    pages.signUp(buyer, "Whole house");
    String later = ",\"saleOpensAt\":\"2031-12-01T10:00:00Z\"";
    pages.newEvent(name + " open", 0, 20, "");
    pages.newEvent(name + " later", 0, 20, later);
    pages.pauseSale(pages.newEvent(name + " held back", 0, 20, later));
    pages.book(buyer, pages.newEvent(name + " full", 0, 2, ""), "S", 2);
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=events", pages.admin);
      seesState(admin, name + " open", "state.ON_SALE");
      seesState(admin, name + " later", "state.NOT_OPEN");
      seesState(admin, name + " held back", "state.PAUSED");
      seesState(admin, name + " full", "state.SOLD_OUT");
    }
  }

  private static void seesState(BrowserUser admin, String event, String state) {
    Locator row = admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(event));
    assertThat(row.locator(".chip")).hasText(admin.texts.of(state));
  }

  @Test
  void generatedSeatMapIsKeptReplacedAndProtected() {
    String name = "Hall " + PagesFixture.newEmail("").substring(1, 6);
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", pages.admin);
      admin.button("admin.create").click();
      admin.page().locator("#eventName").fill(name);
      admin.page().locator("#eventDate").fill("2031-05-05T19:30");
      admin.page().locator("#seatType0").fill("VIP");
      admin.page().locator("#price0").fill("88000");
      admin.page().locator("#hallMode").selectOption("new");
      assertThat(admin.page().locator(".hall-preview canvas")).isVisible();
      admin.page().locator("#hall-rows-0").fill("0");
      admin.button("admin.save").click();
      admin.seesText("hall.number.invalid", "min", "1", "max", "100");
      admin.page().locator("#hall-rows-0").fill("4");
      admin.page().locator("#hall-seats-0").fill("5");
      admin.seesText("hall.count", "seats", "60");
      admin.button("admin.save").click();

      Locator row = admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(name));
      assertThat(row).containsText("60 / 60", WITHIN_A_MINUTE);
      long event = Long.parseLong(row.getAttribute("data-event"));
      // Without a new map the numbered seats stay.
      press(row, admin, "admin.edit.of", name);
      admin.page().locator("#price0").fill("89000");
      admin.button("admin.save").click();
      assertThat(admin.page().getByRole(AriaRole.DIALOG)).hasCount(0);
      assertThat(pages.event(event).get("seatMapRevision").intValue()).isEqualTo(1);
      assertThat(pages.event(event).at("/seatTypes/0/price").asString()).isEqualTo("89000.00");

      String buyer = PagesFixture.newEmail("hall");
      pages.signUp(buyer, "Hall");
      pages.book(buyer, event, "VIP", 1);
      press(row, admin, "admin.edit.of", name);
      admin.page().locator("#hallMode").selectOption("new");
      admin.page().locator("#hall-rows-0").fill("1");
      admin.page().locator("#hall-sections-0").fill("1");
      admin.button("admin.save").click();
      admin.seesText("hall.sold");
    }
  }

  @Test
  void auditTabIgnoresOlderAnswers() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", pages.admin);
      Queue<Route> delayed = new ConcurrentLinkedQueue<>();
      admin.context.route(
          "**/operations/audit?*",
          route -> {
            if (delayed.isEmpty()) {
              delayed.add(route);
            } else {
              route.fulfill(auditOf("newer"));
            }
          });
      tab(admin, "audit").click();
      admin.page().waitForCondition(() -> !delayed.isEmpty());
      tab(admin, "overview").click();
      tab(admin, "audit").click();
      Locator rows = admin.page().locator("[aria-labelledby=audit-title] tbody tr");
      assertThat(rows).containsText(new String[] {"newer"});
      admin
          .page()
          .waitForResponse(
              "**/operations/audit?*", () -> delayed.element().fulfill(auditOf("older")))
          .finished();
      assertThat(rows).containsText(new String[] {"newer"});
    }
  }

  private static Locator tab(BrowserUser admin, String tab) {
    return admin
        .page()
        .getByRole(
            AriaRole.LINK,
            new Page.GetByRoleOptions().setName(admin.texts.of("tab." + tab)).setExact(true));
  }

  private static Route.FulfillOptions auditOf(String object) {
    return new Route.FulfillOptions()
        .setContentType("application/json")
        .setBody(
            """
            {"content":[{"entryId":1,"recordedAt":"2031-01-01T00:00:00Z","actor":"a",
              "action":"SALE_PAUSED","object":"%s"}],"page":{"number":0,"size":20,"totalElements":1,"totalPages":1}}\
            """
                .formatted(object));
  }

  @Test
  void auditTabShowsWhoChangedWhat() {
    long event = pages.newEvent("Audited", 0, 10, "");
    pages.pauseSale(event);
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=audit", pages.admin);
      Locator entry =
          admin
              .page()
              .locator("tr")
              .filter(new Locator.FilterOptions().setHasText(admin.texts.of("audit.SALE_PAUSED")))
              .first();
      assertThat(entry).containsText("ACTIVE → PAUSED");
      assertThat(admin.page().locator(".tiles")).isHidden();
      admin
          .page()
          .getByText(admin.texts.of("tab.queue"), new Page.GetByTextOptions().setExact(true))
          .click();
      assertThat(admin.page().locator(".tiles")).isVisible();
      assertThat(entry).isHidden();
      admin.page().goBack();
      assertThat(entry).isVisible();
    }
  }

  @Test
  void allEventsAreListedAndFound() {
    String name = "Oldest " + PagesFixture.newEmail("").substring(1, 6);
    long oldest = pages.newEvent(name, 0, 10, "");
    for (int i = 0; i < 101; i++) {
      pages.newEvent("Newer", 0, 10, "");
    }
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", pages.admin);
      Locator row = admin.page().locator("tr[data-event='%d']".formatted(oldest));
      assertThat(row).hasCount(1, new LocatorAssertions.HasCountOptions().setTimeout(60_000));
      admin.page().locator("#event-search").fill(name);
      assertThat(admin.page().locator("tr[data-event]"))
          .hasCount(1, new LocatorAssertions.HasCountOptions().setTimeout(60_000));
      admin.button("language.other").click();
      assertThat(admin.page().locator("html")).hasAttribute("lang", "ko");
      assertThat(admin.page().locator("#event-search")).hasValue(name);
      assertThat(admin.page().locator("tr[data-event]"))
          .hasCount(1, new LocatorAssertions.HasCountOptions().setTimeout(60_000));
    }
  }

  @Test
  void searchWithoutResultIsExplainedAndKept() {
    pages.newEvent("Found", 0, 10, "");
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=events", pages.admin);
      assertThat(admin.page().locator("tr[data-event]").first()).isVisible();
      admin.page().locator("#event-search").fill("Unknown opera");
      admin.seesText("admin.unfound", "search", "Unknown opera");
      admin.page().reload();
      admin.seesText("admin.unfound", "search", "Unknown opera");
      assertThat(admin.page().locator("#event-search")).hasValue("Unknown opera");
    }
  }

  @Test
  void renamedEventKeepsItsExactTimes() {
    String name = "Repeated hour " + PagesFixture.newEmail("").substring(1, 6);
    // 01:30:15 occurs twice in New York on this day; this is the later one.
    String date = "2031-11-02T06:30:15Z";
    long event =
        pages
            .newEvent(
                """
                {"eventName":"%s","eventDate":"%s","timeZone":"America/New_York",
                 "seatTypes":[{"seatType":"S","price":"55000","totalSeats":10}]}\
                """
                    .formatted(name, date))
            .get("eventId")
            .longValue();
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH.in("America/New_York"))) {
      admin.signIn("/operations", pages.admin);
      Locator row = admin.page().locator("tr[data-event='%d']".formatted(event));
      press(row, admin, "admin.edit.of", name);
      assertThat(admin.page().locator("#eventDate")).hasValue("2031-11-02T01:30:15");
      // Another administrator saves first.
      pages.renameEvent(event, name + " A");
      admin.page().locator("#eventName").fill(name + " B");
      admin.button("admin.save").click();
      admin.seesText("code.REVISION_CONFLICT");
      assertThat(pages.event(event).get("eventName").asString()).isEqualTo(name + " A");
      admin.button("admin.reload").click();
      assertThat(admin.page().locator("#eventName")).hasValue(name + " A");
      admin.page().locator("#eventName").fill(name + " B");
      admin.button("admin.save").click();
      assertThat(row).containsText(name + " B", WITHIN_A_MINUTE);
      assertThat(pages.event(event).get("eventDate").asString()).isEqualTo(date);

      press(row, admin, "admin.edit.of", name + " B");
      admin.page().locator("#eventDate").fill("2031-11-02T01:30:15");
      admin.page().locator("#eventDate").fill("2031-11-02T01:40");
      admin.page().locator("#eventDate-repeated").selectOption(new SelectOption().setIndex(1));
      admin.button("admin.save").click();
      assertThat(admin.page().getByRole(AriaRole.DIALOG))
          .hasCount(0, new LocatorAssertions.HasCountOptions().setTimeout(30_000));
      assertThat(pages.event(event).get("eventDate").asString()).isEqualTo("2031-11-02T06:40:00Z");
    }
  }

  @Test
  void impossibleTimesAreRefusedByTheForm() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", pages.admin);
      admin.button("admin.create").click();
      admin.page().locator("#eventName").fill("Impossible");
      admin.page().locator("#seatType0").fill("R");
      admin.page().locator("#price0").fill("88000");
      admin.page().locator("#totalSeats0").fill("20");
      admin.page().locator("#timeZone").fill("America/New_York");
      admin.page().locator("#eventDate").fill("2020-05-05T19:30");
      admin.page().locator("#saleOpensAt").fill("2031-03-09T02:30");
      admin.button("admin.save").click();
      admin.seesText("field.eventDate.invalid");
      // The clocks skip this hour.
      admin.seesText("field.skipped");
    }
  }

  private static void press(Locator row, BrowserUser admin, String key, String name) {
    row.getByRole(
            AriaRole.BUTTON,
            new Locator.GetByRoleOptions().setName(admin.texts.of(key, "name", name)))
        .click();
  }

  @Test
  void deadLettersAreListedAndRedriven() {
    pages.purgeDeadLetters();
    String bodyPart = pages.newDeadLetter();
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", pages.admin);
      admin.seesTextContaining(bodyPart);
      assertThat(tile(admin, "tile.dead")).containsText("1", WITHIN_A_MINUTE);
      admin.button("dead.redrive").click();
      admin.seesText("dead.redriven", "messages", "1");
      assertThat(tile(admin, "tile.dead")).containsText("0", WITHIN_A_MINUTE);
    }
  }

  @Test
  void deadLetterIsDiscardedAfterConfirmation() {
    pages.purgeDeadLetters();
    String bodyPart = pages.newDeadLetter();
    try (BrowserUser admin = pages.newUser(DisplaySettings.KOREAN)) {
      admin.signIn("/operations", pages.admin);
      Locator row =
          admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(bodyPart));
      assertThat(row).hasCount(1, new LocatorAssertions.HasCountOptions().setTimeout(60_000));
      row.getByText(admin.texts.of("dead.discard"), new Locator.GetByTextOptions().setExact(true))
          .click();
      admin
          .page()
          .getByRole(AriaRole.DIALOG)
          .getByText(admin.texts.of("dead.discard"), new Locator.GetByTextOptions().setExact(true))
          .click();
      admin.seesText("dead.discarded");
      assertThat(tile(admin, "tile.dead")).containsText("0", WITHIN_A_MINUTE);
    }
  }

  @Test
  void buyerCannotUseTheOperationsPage() {
    String buyer = PagesFixture.newEmail("buyer");
    pages.signUp(buyer, "Buyer");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signIn("/operations", buyer);
      user.seesHeading("ops.forbidden");
    }
  }

  @Test
  void outageKeepsTheLastStatisticsVisible() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", pages.admin);
      assertThat(tile(admin, "tile.workers")).containsText("1", WITHIN_A_MINUTE);
      admin.context.setOffline(true);
      admin.seesText("ops.stale", "why", admin.texts.of("code.NETWORK"));
      assertThat(tile(admin, "tile.workers")).containsText("1");
      admin.context.setOffline(false);
      assertThat(admin.page().locator(".notice.warn"))
          .hasCount(0, new LocatorAssertions.HasCountOptions().setTimeout(30_000));
    }
  }

  private static Locator tile(BrowserUser admin, String key) {
    return admin
        .page()
        .locator(".tile")
        .filter(
            new Locator.FilterOptions()
                .setHas(
                    admin
                        .page()
                        .getByText(
                            admin.texts.of(key), new Page.GetByTextOptions().setExact(true))))
        .locator("dd");
  }

  private static Locator chart(BrowserUser admin, String key) {
    return admin
        .page()
        .locator(".chart")
        .filter(new Locator.FilterOptions().setHasText(admin.texts.of(key)));
  }
}
