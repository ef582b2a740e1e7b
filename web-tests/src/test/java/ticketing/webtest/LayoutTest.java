package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.BoundingBox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Places and distances of parts of the pages.
@ExtendWith(PagesFixture.Extension.class)
class LayoutTest {

  private static final double MAX_CHIP_HEIGHT = 40; // px
  private static final double MAX_LINE_HEIGHT = 60; // px; of a button with one line
  private static final double MIN_DISTANCE = 8; // px
  private static final String RED = "rgb(168, 32, 26)";

  /// Stores the position of the first view in the frame that shows it.
  private static final String MARK_FIRST_POSITION =
      """
      const watch = () => (document.querySelector('main h1')
        ? window.firstTop = document.querySelector('main').getBoundingClientRect().y : requestAnimationFrame(watch));
      requestAnimationFrame(watch);
      """;

  private final PagesFixture pages;

  LayoutTest(PagesFixture pages) {
    this.pages = pages;
  }

  private static BoundingBox box(Locator part) {
    part.waitFor();
    return part.boundingBox();
  }

  private static double distance(Locator upper, Locator lower) {
    BoundingBox box = box(upper);
    return box(lower).y - box.y - box.height;
  }

  @Test
  void firstScreenShowsTheEventName() {
    long event = pages.newEvent("Portrait", 0, 10, "");
    pages.uploadPoster(event, Posters.png(800, 1100));
    for (DisplaySettings settings :
        new DisplaySettings[] {
          DisplaySettings.KOREAN.smallPhone(),
          DisplaySettings.ENGLISH.phone(),
          DisplaySettings.ENGLISH
        }) {
      try (BrowserUser user = pages.newUser(settings)) {
        user.open("/events/" + event);
        Locator poster = user.page().locator(".picture img.poster");
        poster.waitFor();
        user.page().waitForFunction("() => document.querySelector('.picture img.poster').complete");
        BoundingBox title = box(user.page().locator("h1"));
        // A phone has a bar of links at the bottom.
        double end = settings.isPhone() ? box(user.page().locator(".places")).y : settings.height();
        assertThat(title.y + title.height).as("%s", settings).isLessThan(end);
      }
    }
  }

  @Test
  void reviewShowsTitleAndFocusedButton() {
    long event = pages.newEvent("A long name of an event in a small window", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.smallPhone())) {
      user.signUp(PagesFixture.newEmail("small")).open("/events/" + event);
      user.button("book.action").click();
      assertThat(user.page().locator("#review-yes")).isFocused();
      assertThat(user.page().locator("#review-yes")).isInViewport();
      BoundingBox title = box(user.page().locator("#review-title"));
      assertThat(title.y).isPositive();
      Number top = (Number) user.page().getByRole(AriaRole.DIALOG).evaluate("it => it.scrollTop");
      assertThat(top.intValue()).isZero();
    }
  }

  @Test
  void waitingListAndAlertsKeepTheirDistances() {
    long event = pages.newEvent("Distances", 0, 3, ",\"waitingList\":true,\"offerMinutes\":10");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone())) {
      user.signUp(PagesFixture.newEmail("distance")).open("/events/" + event);
      try (PagesFixture.WorkerPause _ = pages.pauseWorkers()) {
        user.book();
        user.seesHeading("waiting.BOOK");
        Locator hint = user.page().getByText(user.texts.of("waiting.notify.hint"));
        assertThat(distance(user.button("waiting.notify"), hint)).isGreaterThan(4);
        assertThat(distance(hint, user.button("line.leave"))).isGreaterThanOrEqualTo(MIN_DISTANCE);
      }
      user.seesHeading("outcome.BOOK.done");
      String other = PagesFixture.newEmail("rest");
      pages.signUp(other, "Rest");
      pages.book(other, event, "S", 2);
      user.open("/events/" + event);
      user.button("waitlist.join").click();
      user.seesHeading("outcome.JOIN.done");
      user.open("/reservations");
      Locator chips = user.page().locator(".reservation-head .chip");
      assertThat(chips).hasCount(2);
      for (Locator chip : chips.all()) {
        assertThat(box(chip).height).isLessThan(MAX_CHIP_HEIGHT);
      }
      assertThat(distance(user.page().locator("h1"), user.page().locator(".waiting-entries h2")))
          .isGreaterThanOrEqualTo(2 * MIN_DISTANCE);
    }
  }

  @Test
  void fullMeterFillsItsColumn() {
    String name = "Full " + PagesFixture.newEmail("").substring(1, 6);
    long hall = pages.newSeatedEvent(name, 3, 6);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/?q=" + name.replace(" ", "%20"));
      assertThat(box(user.page().locator(".event .meter > span")).width)
          .isEqualTo(box(user.page().locator(".event-text")).width);
      user.open("/events/" + hall);
      assertThat(box(user.page().locator(".meter > span")).width)
          .isEqualTo(box(user.page().locator(".picture")).width);
    }
  }

  @Test
  void partsOfTheAccountKeepTheirDistances() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("parts")).open("/account");
      Locator deletion = user.page().locator("#delete");
      assertThat(distance(deletion.locator("h2"), deletion.locator(".notice")))
          .isGreaterThanOrEqualTo(MIN_DISTANCE);
    }
  }

  @Test
  void deletionLooksDestructive() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("deletion")).open("/account");
      Locator button = user.page().locator("#delete [type=submit]");
      assertThat(button).hasCSS("color", RED);
      user.page().locator("#delete input").fill(PagesFixture.PASSWORD);
      button.click();
      assertThat(user.page().locator("dialog .danger")).hasCSS("background-color", RED);
    }
  }

  @Test
  void passwordButtonIsInsideItsInput() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH.smallPhone())) {
      user.open("/sign-up");
      BoundingBox input = box(user.page().locator("#password"));
      BoundingBox button = box(user.page().locator(".reveal"));
      assertThat(button.y).isBetween(input.y, input.y + input.height - button.height);
      assertThat(button.x + button.width).isLessThan(input.x + input.width);
    }
  }

  @Test
  void waitingListKeepsItsDistanceFromThePrices() {
    long event = pages.newEvent("Sold out", 0, 1, ",\"waitingList\":true,\"offerMinutes\":10");
    String email = PagesFixture.newEmail("soldout");
    pages.signUp(email, "Sold");
    pages.book(email, event, "S", 1);
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone())) {
      user.open("/events/" + event);
      assertThat(distance(user.page().locator(".types"), user.page().locator(".join h2")))
          .isGreaterThanOrEqualTo(2 * MIN_DISTANCE);
    }
  }

  @Test
  void trayDoesNotMoveTheView() {
    long event = pages.newEvent("Held", 0, 9, ",\"holdMinutes\":10");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH.phone())) {
      user.signUp(PagesFixture.newEmail("shift")).open("/events/" + event);
      user.book();
      user.button("hold.confirm").waitFor();
      user.open("/events/" + event);
      user.page().locator(".tray-item").waitFor(); // the browser has stored the hold
      user.context.addInitScript(MARK_FIRST_POSITION);
      user.open("/events/" + event);
      user.page().locator(".tray-item").waitFor();
      Number first = (Number) user.page().evaluate("() => window.firstTop");
      assertThat(box(user.page().locator("main")).y).isEqualTo(first.doubleValue());
    }
  }

  @Test
  void dateStaysInsideItsCard() {
    String name = "Date " + PagesFixture.newEmail("").substring(1, 6);
    pages.newEvent(name, 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone())) {
      user.open("/?q=" + name.replace(" ", "%20"));
      BoundingBox day = box(user.page().locator(".date strong"));
      BoundingBox poster = box(user.page().locator(".event .poster"));
      assertThat(day.x).isGreaterThanOrEqualTo(poster.x);
    }
  }

  @Test
  void wordsOfTheHallFormAreNotDivided() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=events", pages.admin);
      admin.button("admin.create").click();
      admin.page().locator("#hallMode").selectOption("new");
      Locator block = admin.page().locator(".hall-block");
      assertThat(box(block.locator("button")).height).isLessThan(MAX_LINE_HEIGHT);
      Number hidden =
          (Number) block.locator("input").first().evaluate("it => it.scrollWidth - it.clientWidth");
      assertThat(hidden.intValue()).isZero();
    }
  }

  @Test
  void menuEndsAtItsButton() {
    long hall = pages.newSeatedEvent("Wide view", 3, 6);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("menu"));
      for (String path : new String[] {"/account", "/events/" + hall}) {
        user.open(path);
        user.button("menu.label").click();
        BoundingBox button = box(user.page().locator(".account-button"));
        BoundingBox menu = box(user.page().locator(".menu"));
        assertThat(menu.x + menu.width).as(path).isCloseTo(button.x + button.width, within(1.0));
        assertThat(menu.y).as(path).isGreaterThanOrEqualTo(button.y + button.height);
      }
    }
  }

  @Test
  void tablesFitTheSmallestPhone() {
    pages.newEvent("A table", 0, 10, "");
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH.smallPhone())) {
      admin.signIn("/operations?tab=events", pages.admin);
      for (String tab : new String[] {"events", "audit"}) {
        admin.open("/operations?tab=" + tab);
        Locator table = admin.page().locator(".scroll:visible");
        table.locator("tbody tr").first().waitFor();
        Number hidden = (Number) table.evaluate("it => it.scrollWidth - it.clientWidth");
        assertThat(hidden.intValue()).as(tab).isZero();
      }
    }
  }

  @Test
  void wordsOfTheAuditAreNotDivided() {
    pages.newSeatedEvent("A map with many changes in a wide column", 3, 6);
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=audit", pages.admin);
      Locator cell =
          admin
              .page()
              .locator("[aria-labelledby=audit-title] tbody tr")
              .first()
              .locator("td:nth-child(3)");
      Number lines =
          (Number)
              cell.evaluate(
                  """
                  cell => {
                    const range = document.createRange();
                    range.selectNodeContents(cell);
                    return new Set([...range.getClientRects()].map(({top}) => Math.round(top))).size;
                  }\
                  """);
      assertThat(lines.intValue()).as(cell.textContent()).isOne();
    }
  }

  @Test
  void footerLinksStartAtTheMargin() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/sign-in", pages.admin);
      BoundingBox first = box(admin.page().locator("#footer > a").first());
      assertThat(first.x).isCloseTo(box(admin.page().locator("main h1")).x, within(1.0));
      assertThat(box(admin.page().locator("#footer > a").nth(1)).x - first.x - first.width)
          .isBetween(8.0, 48.0);
    }
  }

  @Test
  void checkInKeepsItsDistances() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH.phone())) {
      admin.signIn("/operations", pages.admin).open("/check-in");
      assertThat(
              distance(admin.page().locator("h1 + .lead"), admin.page().locator("label").first()))
          .isGreaterThanOrEqualTo(2 * MIN_DISTANCE);
    }
  }
}
