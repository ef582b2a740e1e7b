package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Lists whose reads fail: the rows stay, and a button repeats the read.
@ExtendWith(PagesFixture.Extension.class)
class ListFailureTest {

  private static final int PAGE = 20; // rows
  private static final LocatorAssertions.HasCountOptions COUNT_TIMEOUT =
      new LocatorAssertions.HasCountOptions().setTimeout(30_000);

  private final PagesFixture pages;

  ListFailureTest(PagesFixture pages) {
    this.pages = pages;
  }

  private static void fail(BrowserUser user, String path) {
    user.answerWithProblem(path, 503, "DATABASE_UNAVAILABLE");
  }

  private static Locator notice(BrowserUser user) {
    return user.page()
        .locator(".notice.warn")
        .filter(new Locator.FilterOptions().setHasText(user.texts.of("code.DATABASE_UNAVAILABLE")))
        .filter(new Locator.FilterOptions().setVisible(true));
  }

  private static Locator retry(BrowserUser user) {
    return notice(user)
        .getByRole(
            AriaRole.BUTTON,
            new Locator.GetByRoleOptions().setName(user.texts.of("failure.again")));
  }

  /// @param after number of rows after the repeated read
  /// @param path requests of the read
  private static void assertFailedReadKeeps(
      Locator rows, int after, BrowserUser user, String path, Runnable read) {
    int before = rows.count();
    fail(user, path);
    read.run();
    assertThat(retry(user)).isVisible(BrowserUser.visibleTimeout());
    assertThat(rows).hasCount(before);
    user.page().unroute(path);
    retry(user).click();
    assertThat(rows).hasCount(after, COUNT_TIMEOUT);
    assertThat(notice(user)).hasCount(0, COUNT_TIMEOUT);
  }

  private static void answerAudit(Route route, int page) {
    StringBuilder rows = new StringBuilder();
    for (int row = 0; row < PAGE; row++) {
      rows.append(row == 0 ? "" : ",")
          .append(
              """
              {"entryId":1,"recordedAt":"2031-01-01T00:00:00Z","actor":"a","action":"SALE_PAUSED",
               "object":"page-%d"}\
              """
                  .formatted(page));
    }
    route.fulfill(
        new Route.FulfillOptions()
            .setContentType("application/json")
            .setBody(
                """
                {"content":[%s],"page":{"number":%d,"size":20,"totalElements":60,"totalPages":3}}\
                """
                    .formatted(rows, page)));
  }

  @Test
  void failedPageKeepsTheRowsOfTheAudit() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.context.route("**/operations/audit?page=0*", route -> answerAudit(route, 0));
      admin.context.route("**/operations/audit?page=1*", route -> answerAudit(route, 1));
      admin.signIn("/operations?tab=audit", pages.admin);
      Locator rows = admin.page().locator("[aria-labelledby=audit-title] tbody tr");
      assertThat(rows).hasCount(PAGE, COUNT_TIMEOUT);
      assertFailedReadKeeps(
          rows,
          2 * PAGE,
          admin,
          "**/operations/audit?page=1*",
          () -> admin.button("list.more").click());
      assertThat(rows.last()).containsText("page-1");

      // A failed refresh keeps them too.
      assertFailedReadKeeps(
          rows,
          PAGE,
          admin,
          "**/operations/audit?page=0*",
          () -> {
            tab(admin, "queue").click();
            tab(admin, "audit").click();
          });
    }
  }

  private static Locator tab(BrowserUser admin, String tab) {
    return admin
        .page()
        .getByRole(
            AriaRole.LINK,
            new Page.GetByRoleOptions().setName(admin.texts.of("tab." + tab)).setExact(true));
  }

  @Test
  void languageWithoutConnectionIsExplained() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/");
      user.seesHeading("events.title");
      user.context.setOffline(true);
      user.button("language.other").click();
      user.seesText("code.NETWORK");
      assertThat(user.page().locator("html")).hasAttribute("lang", "en");
      user.context.setOffline(false);
      user.button("language.other").click();
      assertThat(user.page().locator("html")).hasAttribute("lang", "ko");
      assertThat(user.page().locator(".unread-language")).hasCount(0);
    }
  }

  @Test
  void viewOpenedOfflineIsReadAgain() {
    String name = "Offline " + PagesFixture.newEmail("").substring(1, 6);
    pages.newSeatedEvent(name, 3, 6);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/?q=" + name.replace(" ", "%20"));
      Locator card = user.page().locator(".event a");
      card.waitFor();
      user.context.setOffline(true);
      card.click();
      user.seesText("code.NETWORK");
      user.context.setOffline(false);
      user.seesTitle(name);
      user.page().locator("canvas.seat-canvas").waitFor();
      user.context.setOffline(true);
      user.button("seats.asList").click();
      user.seesText("code.NETWORK");
      user.context.setOffline(false);
      user.button("seats.asList").click();
      user.page().locator(".seat-list").waitFor();
    }
  }

  @Test
  void failedPageKeepsTheEvents() {
    String name = "Listed " + PagesFixture.newEmail("").substring(1, 6);
    for (int event = 0; event < PAGE + 2; event++) {
      pages.newEvent(name, 0, 10, "");
    }
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone())) {
      user.open("/?q=" + name.replace(" ", "%20"));
      Locator cards = user.page().locator("li.event");
      assertThat(cards).hasCount(PAGE, COUNT_TIMEOUT);
      Predicate<String> lists = Pattern.compile("/api/v1/events\\?").asPredicate();
      user.page()
          .route(lists, route -> route.fulfill(BrowserUser.problem(503, "DATABASE_UNAVAILABLE")));
      user.button("list.more").click();
      assertThat(retry(user)).isVisible(BrowserUser.visibleTimeout());
      assertThat(cards).hasCount(PAGE);
      user.page().unroute(lists);
      retry(user).click();
      assertThat(cards).hasCount(PAGE + 2, COUNT_TIMEOUT);

      // The result of another search is not shown as that of this one without a message.
      user.page()
          .route(lists, route -> route.fulfill(BrowserUser.problem(503, "DATABASE_UNAVAILABLE")));
      user.page().locator("#search").fill("no event has this name");
      assertThat(retry(user)).isVisible(BrowserUser.visibleTimeout());
      assertThat(cards).hasCount(PAGE + 2);
      user.page().unroute(lists);
      retry(user).click();
      user.seesText("events.unfound");
      assertThat(cards).hasCount(0);
      assertThat(notice(user)).hasCount(0);
    }
  }

  @Test
  void failedPageKeepsTheReservations() {
    long event = pages.newEvent("Reserved often", 0, 50, "");
    String email = PagesFixture.newEmail("often");
    pages.signUp(email, "Often");
    for (int booking = 0; booking < PAGE + 1; booking++) {
      pages.book(email, event, "S", 1);
    }
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      fail(user, "**/users/me/waiting-list");
      user.signIn("/sign-in?next=reservations", email);
      Locator cards = user.page().locator("li.reservation");
      assertThat(cards).hasCount(PAGE, COUNT_TIMEOUT);
      // The waiting list failed, and the reservations are shown.
      assertThat(retry(user)).isVisible();
      user.page().unroute("**/users/me/waiting-list");
      retry(user).click();
      assertThat(notice(user)).hasCount(0, COUNT_TIMEOUT);

      assertFailedReadKeeps(
          cards,
          PAGE + 1,
          user,
          "**/users/me/reservations?page=1*",
          () -> user.button("list.more").click());
    }
  }

  @Test
  void failedPageKeepsTheReservationsOfAnEvent() {
    long event = pages.newEvent("Sold often", 0, 50, "");
    String email = PagesFixture.newEmail("sold");
    pages.signUp(email, "Sold");
    for (int booking = 0; booking < PAGE + 1; booking++) {
      pages.book(email, event, "S", 1);
    }
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=events&event=" + event, pages.admin);
      Locator rows = admin.page().locator("tr[data-reservation]");
      assertThat(rows).hasCount(PAGE, COUNT_TIMEOUT);
      assertFailedReadKeeps(
          rows,
          1,
          admin,
          "**/operations/events/*/reservations?*",
          () -> admin.button("sales.older").click());
    }
  }

  @Test
  void failedReadKeepsEventsAndDeadLetters() {
    pages.purgeDeadLetters();
    String bodyPart = pages.newDeadLetter();
    String name = "Administered " + PagesFixture.newEmail("").substring(1, 6);
    pages.newEvent(name, 0, 10, "");
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", pages.admin);
      Locator letter =
          admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(bodyPart));
      assertThat(letter).hasCount(1, new LocatorAssertions.HasCountOptions().setTimeout(60_000));
      Locator row = admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(name));
      assertThat(row).hasCount(1, COUNT_TIMEOUT);
      fail(admin, "**/operations/dead-letters");
      fail(admin, "**/api/v1/events?*");
      admin.button("dead.refresh").click();
      assertThat(retry(admin)).hasCount(2, COUNT_TIMEOUT);
      assertThat(letter).hasCount(1);
      assertThat(row).hasCount(1);
      admin.page().unroute("**/operations/dead-letters");
      admin.page().unroute("**/api/v1/events?*");
      retry(admin).last().click();
      assertThat(notice(admin)).hasCount(0, COUNT_TIMEOUT);
      assertThat(letter).hasCount(1);
    }
    pages.purgeDeadLetters();
  }

  @Test
  void cardsLoadTheNarrowVariantOfAPoster() {
    String name = "Narrow " + PagesFixture.newEmail("").substring(1, 6);
    long event = pages.newEvent(name, 0, 10, "");
    pages.uploadPoster(event, Posters.png(1600, 900));
    for (DisplaySettings settings :
        new DisplaySettings[] {DisplaySettings.ENGLISH, DisplaySettings.KOREAN.phone()}) {
      try (BrowserUser user = pages.newUser(settings)) {
        user.open("/?q=" + name.replace(" ", "%20"));
        Locator poster = user.page().locator("li.event img.poster");
        assertThat(poster).isVisible(BrowserUser.visibleTimeout());
        user.page()
            .waitForFunction(
                "() => { const image = document.querySelector('li.event img.poster');"
                    + " return image.complete && image.currentSrc; }");
        String url = (String) poster.evaluate("image => image.currentSrc");
        // A phone has two pixels of its screen for each pixel of the page.
        assertThat(url).endsWith(settings.isPhone() ? "&width=960" : "&width=480");
        user.open("/events/" + event);
        Locator whole = user.page().locator(".picture img.poster");
        assertThat(whole).isVisible(BrowserUser.visibleTimeout());
        assertThat((String) whole.evaluate("image => image.currentSrc"))
            .matches(settings.isPhone() ? ".*&width=960" : ".*revision=[0-9a-f]{32}");
      }
    }
  }
}
