package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The administrator's view of one event: figures, search, export, and a cancellation.
@ExtendWith(PagesFixture.Extension.class)
class EventSalesTest {

  private final PagesFixture pages;

  EventSalesTest(PagesFixture pages) {
    this.pages = pages;
  }

  private static Locator rows(BrowserUser admin) {
    return admin.page().locator("section[aria-labelledby=reservations-title] tbody tr");
  }

  /// Replaces the access token by an expired one with a refresh token.
  private void expireAccessToken(BrowserUser user) {
    user.page()
        .evaluate(
            """
            async ([email, password]) => {
              const response = await fetch('/api/v1/auth/token', {
                method: 'POST',
                headers: {'Content-Type': 'application/json'},
                body: JSON.stringify({email, password, staySignedIn: true}),
              });
              const {refreshToken, refreshExpiresIn} = await response.json();
              const session = JSON.parse(localStorage.getItem('ticketing.session'));
              localStorage.setItem('ticketing.session', JSON.stringify({
                ...session, token: 'expired', expiresAt: Date.now(),
                refreshToken, refreshExpiresAt: Date.now() + refreshExpiresIn * 1000,
              }));
            }\
            """,
            List.of(pages.admin, PagesFixture.PASSWORD));
  }

  @Test
  void administratorFindsExportsAndCancelsReservation() throws IOException {
    long event = pages.newEvent("Sales " + PagesFixture.newEmail("").substring(1, 6), 10, 90, "");
    String first = PagesFixture.newEmail("first");
    String second = PagesFixture.newEmail("second");
    pages.signUp(first, "Lee");
    pages.signUp(second, "Park");
    pages.book(first, event, "VIP", 2);
    pages.book(second, event, "S", 4);
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=events&event=" + event, pages.admin);
      assertThat(rows(admin)).hasCount(2);
      assertThat(admin.page().locator(".event-sales .figures"))
          .containsText("₩520,000", BrowserUser.textTimeout());
      assertThat(admin.page().locator("section[aria-labelledby=types-title]")).containsText("VIP");
      assertThat(admin.page().locator(".event-sales .chart canvas")).hasCount(1);
      admin.takeScreenshot("event-sales");

      admin.page().locator("#reservation-search").fill("Lee");
      assertThat(rows(admin)).hasCount(1);
      assertThat(rows(admin)).containsText(first);

      expireAccessToken(admin);
      Download file = admin.page().waitForDownload(() -> admin.page().locator("#export").click());
      assertThat(file.suggestedFilename()).isEqualTo("event-%d-reservations.csv".formatted(event));
      assertThat(Files.readString(file.path())).contains(first, second);

      rows(admin).getByRole(AriaRole.BUTTON).click();
      admin.page().locator("dialog button[value=yes]").click();
      // The reason is required.
      assertThat(admin.page().locator("dialog")).isVisible();
      admin.page().locator("#cancel-reason").fill("Duplicate payment");
      admin.page().locator("dialog button[value=yes]").click();
      admin.seesText("sales.cancel.sent");
      assertThat(rows(admin))
          .containsText(admin.texts.of("reservation.CANCELLED"), BrowserUser.textTimeout());
      admin.open("/operations?tab=audit");
      admin.seesTextContaining("Duplicate payment");
    }
  }

  @Test
  void searchSurvivesLanguageReloadAndNavigation() {
    long event = pages.newEvent("Search " + PagesFixture.newEmail("").substring(1, 6), 0, 90, "");
    for (String name : List.of("Lee", "Kang")) {
      String email = PagesFixture.newEmail("search");
      pages.signUp(email, name);
      pages.book(email, event, "S", 1);
    }
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/operations?tab=events&event=" + event, pages.admin);
      assertThat(rows(admin)).hasCount(2);
      admin.page().locator("#reservation-search").fill("Lee");
      assertThat(rows(admin)).hasCount(1);
      admin.button("language.other").click();
      assertThat(admin.page().locator("html")).hasAttribute("lang", "ko");
      assertThat(admin.page().locator("#reservation-search")).hasValue("Lee");
      assertThat(rows(admin)).hasCount(1);
      admin.page().reload();
      assertThat(admin.page().locator("#reservation-search")).hasValue("Lee");
      assertThat(rows(admin)).hasCount(1);
      admin.page().locator(".tabs a").last().click();
      assertThat(rows(admin)).hasCount(0);
      admin.page().goBack();
      assertThat(admin.page().locator("#reservation-search")).hasValue("Lee");
      assertThat(rows(admin)).hasCount(1);
    }
  }

  @Test
  void eventNameOpensItsSales() {
    String name = "Opened " + PagesFixture.newEmail("").substring(1, 6);
    pages.newEvent(name, 0, 10, "");
    try (BrowserUser admin = pages.newUser(DisplaySettings.KOREAN.phone())) {
      admin.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
      admin.signIn("/operations?tab=events", pages.admin);
      admin.page().locator("#event-search").fill(name);
      admin.page().locator("th a").filter(new Locator.FilterOptions().setHasText(name)).click();
      assertThat(admin.page().locator(".event-title")).hasText(name);
      admin.seesText("sales.none.words");
      admin.takeScreenshot("event-sales-phone");
      admin.page().goBack();
      assertThat(admin.page().locator("#event-search")).isVisible();
      assertThat(admin.page().locator(".event-sales")).hasCount(0);
    }
  }
}
