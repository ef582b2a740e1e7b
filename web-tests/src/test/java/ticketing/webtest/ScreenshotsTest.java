package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Takes the screenshots of the buyer's page for the README. [OperationsTest] takes the others.
@ExtendWith(PagesFixture.Extension.class)
class ScreenshotsTest {

  private final PagesFixture pages;

  ScreenshotsTest(PagesFixture pages) {
    this.pages = pages;
  }

  private long event(String name, String venue, int days, String types, String more) {
    Instant date =
        Instant.now()
            .plus(days, ChronoUnit.DAYS)
            .truncatedTo(ChronoUnit.DAYS)
            .plus(10, ChronoUnit.HOURS);
    return pages
        .newEvent(
            """
            {"eventName":"%s","eventDate":"%s","venueName":"%s","venueAddress":"Seoul",
             "seatTypes":[%s]%s}\
            """
                .formatted(name, date, venue, types, more))
        .get("eventId")
        .longValue();
  }

  private static String type(String name, int price, int seats) {
    return "{\"seatType\":\"%s\",\"price\":\"%d\",\"totalSeats\":%d}".formatted(name, price, seats);
  }

  @Test
  void screenshotsOfTheBuyerPage() {
    String stage =
        "%s,%s,%s"
            .formatted(type("VIP", 150000, 120), type("R", 99000, 800), type("S", 55000, 2400));
    long jazz = event("Winter Jazz Night", "Hangang Hall", 9, stage, ",\"maxSeatsPerUser\":4");
    String fan = PagesFixture.newEmail("fan");
    pages.signUp(fan, "Fan");
    long chamber = event("Chamber Music at Dusk", "Bukchon Salon", 12, type("A", 77000, 12), "");
    pages.book(fan, chamber, "A", 10);
    pages.book(fan, chamber, "A", 1);
    event(
        "서울 가족 뮤지컬",
        "남산 극장",
        20,
        stage,
        ",\"saleOpensAt\":\"%s\""
            .formatted(Instant.now().plus(29, ChronoUnit.HOURS).truncatedTo(ChronoUnit.HOURS)));
    event("Indie Rock Live", "Mapo Club", 26, type("S", 44000, 600), ",\"holdMinutes\":5");

    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/");
      user.seesTextContaining("Winter Jazz Night");
      user.takeScreenshot("buyer-events");
    }
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.dark())) {
      user.open("/#/events/" + jazz);
      user.seesText("choice.type");
      user.page().getByRole(AriaRole.RADIO, new Page.GetByRoleOptions().setName("VIP")).check();
      user.button("quantity.more").click();
      user.takeScreenshot("buyer-event-dark");
    }
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone());
        BrowserUser other = pages.newUser(DisplaySettings.ENGLISH.dark().phone())) {
      user.signUp(PagesFixture.newEmail("minji")).open("/#/events/" + jazz);
      other.signUp(PagesFixture.newEmail("alex")).open("/#/events/" + jazz);
      String others = PagesFixture.newEmail("crowd");
      pages.signUp(others, "Crowd");
      // The estimate of the waiting time needs decisions in several seconds.
      AtomicInteger booked = new AtomicInteger();
      await()
          .pollInterval(Duration.ofMillis(1_200))
          .atMost(Duration.ofSeconds(60))
          .until(() -> {
            pages.book(others, jazz, "S", 1);
            return booked.incrementAndGet() == 3;
          });
      try (PagesFixture.WorkerPause pause = pages.pauseWorkers()) {
        pages.submitBookings(others, jazz, "S", 128);
        user.book();
        user.seesHeading("waiting.BOOK");
        assertThat(user.page().locator(".place")).hasText("128");
        user.seesText("line.live");
        user.takeScreenshot("buyer-waiting-phone");
        other.book();
        other.seesHeading("waiting.BOOK");
      }
      other.seesHeading("outcome.BOOK.done");
      other.takeScreenshot("buyer-booked-phone-dark");
    }
  }
}
