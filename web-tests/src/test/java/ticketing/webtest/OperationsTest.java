package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(PagesFixture.Extension.class)
class OperationsTest {

  private static final Pattern SOME = Pattern.compile("[1-9]");
  private static final LocatorAssertions.ContainsTextOptions LONG =
      new LocatorAssertions.ContainsTextOptions().setTimeout(60_000);

  private final PagesFixture site;

  OperationsTest(PagesFixture site) {
    this.site = site;
  }

  @Test
  void oneClickShowsAnOnSaleFromTheFirstRequestToSoldOut() {
    site.forgetDeadLetters();
    try (BrowserUser admin = site.visitor(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", site.admin);
      assertThat(tile(admin, "tile.workers")).containsText("1", LONG);
      admin.button("ops.simulate").click();
      assertThat(admin.page().locator("#simulation-state")).containsText("of 900", LONG);
      assertThat(tile(admin, "tile.accepted")).containsText(SOME, LONG);
      assertThat(tile(admin, "tile.decided")).containsText(SOME, LONG);
      assertThat(tile(admin, "tile.latency")).containsText(Pattern.compile("[1-9].*s"), LONG);
      Locator rejects = chart(admin, "chart.rejects");
      assertThat(rejects).containsText(admin.words.of("rejects.SOLD_OUT"), LONG);
      assertThat(admin.page().locator("#simulation-state"))
          .containsText(Pattern.compile("accepted.* 0 failed"), LONG);
      assertThat(
              admin
                  .page()
                  .locator("tr")
                  .filter(new Locator.FilterOptions().setHasText("Simulated on-sale"))
                  .first())
          .containsText("0 / 300", LONG);
      assertThat(chart(admin, "chart.seats")).containsText("Simulated on-sale");
      // Each of the eight has drawn something.
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
      admin.picture("operations");
      admin.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
      admin.button("language.other").click();
      assertThat(admin.page().locator("html")).hasAttribute("lang", "ko");
      assertThat(admin.page().locator(".chart canvas")).hasCount(8);
      admin.picture("operations-dark");
    }
  }

  @Test
  void anEventIsMadeChangedPausedResumedAndCancelled() {
    String name = "Managed " + PagesFixture.newAddress("").substring(1, 6);
    try (BrowserUser admin = site.visitor(DisplaySettings.KOREAN)) {
      admin.signIn("/operations", site.admin);
      admin.button("admin.create").click();
      admin.button("admin.save").click();
      admin.sees("field.eventName.invalid");
      admin.page().locator("#eventName").fill(name);
      admin.page().locator("#eventDate").fill("2031-05-05T19:30");
      admin.page().locator("#saleOpensAt").fill("2031-01-02T10:00");
      admin.page().locator("#saleClosesAt").fill("2031-01-01T10:00");
      admin.page().locator("#seatType0").fill("R");
      admin.page().locator("#price0").fill("88000");
      admin.page().locator("#totalSeats0").fill("20");
      admin.button("admin.save").click();
      // Said by the server, shown at the field.
      admin.sees("field.saleClosesAt.invalid");
      admin.page().locator("#saleOpensAt").fill("");
      admin.page().locator("#saleClosesAt").fill("");
      admin.button("admin.save").click();

      Locator row = admin.page().locator("tr").filter(new Locator.FilterOptions().setHasText(name));
      assertThat(row).containsText("20 / 20");
      press(row, admin, "admin.edit.of", name);
      admin.page().locator("#totalSeats0").fill("30");
      admin.button("admin.save").click();
      assertThat(row).containsText("30 / 30", LONG);
      press(row, admin, "admin.pause.of", name);
      assertThat(row).containsText(admin.words.of("status.PAUSED"), LONG);
      press(row, admin, "admin.resume.of", name);
      assertThat(row).containsText(admin.words.of("status.ACTIVE"), LONG);
      press(row, admin, "admin.cancel.of", name);
      admin
          .page()
          .getByRole(AriaRole.DIALOG)
          .getByText(admin.words.of("admin.cancel"), new Locator.GetByTextOptions().setExact(true))
          .click();
      assertThat(row).containsText(admin.words.of("status.CANCELLED"), LONG);
    }
  }

  private static void press(Locator row, BrowserUser admin, String key, String name) {
    row.getByRole(
            AriaRole.BUTTON,
            new Locator.GetByRoleOptions().setName(admin.words.of(key, "name", name)))
        .click();
  }

  @Test
  void deadLettersAreShownAndSentBack() {
    site.forgetDeadLetters();
    String letter = site.newDeadLetter();
    try (BrowserUser admin = site.visitor(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", site.admin);
      admin.seesText(letter);
      assertThat(tile(admin, "tile.dead")).containsText("1", LONG);
      admin.button("dead.redrive").click();
      admin.sees("dead.redriven", "messages", "1");
      assertThat(tile(admin, "tile.dead")).containsText("0", LONG);
    }
  }

  @Test
  void aBuyerIsTurnedAway() {
    String buyer = PagesFixture.newAddress("buyer");
    site.signUp(buyer, "Buyer");
    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.signIn("/operations", buyer);
      visitor.seesHeading("ops.forbidden");
    }
  }

  @Test
  void aServerThatDoesNotAnswerIsSaidWhileTheLastFiguresStay() {
    try (BrowserUser admin = site.visitor(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations", site.admin);
      assertThat(tile(admin, "tile.workers")).containsText("1", LONG);
      admin.context.setOffline(true);
      admin.sees("ops.stale", "why", admin.words.of("code.NETWORK"));
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
                            admin.words.of(key), new Page.GetByTextOptions().setExact(true))))
        .locator("dd");
  }

  private static Locator chart(BrowserUser admin, String key) {
    return admin
        .page()
        .locator(".chart")
        .filter(new Locator.FilterOptions().setHasText(admin.words.of(key)));
  }
}
