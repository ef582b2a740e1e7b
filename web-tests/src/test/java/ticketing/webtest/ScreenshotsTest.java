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

/// Takes the buyer's pictures of the README; [OperationsTest] takes the others.
@ExtendWith(PagesFixture.Extension.class)
class ScreenshotsTest {

  private final PagesFixture site;

  ScreenshotsTest(PagesFixture site) {
    this.site = site;
  }

  private long event(String name, String venue, int days, String types, String more) {
    Instant date =
        Instant.now()
            .plus(days, ChronoUnit.DAYS)
            .truncatedTo(ChronoUnit.DAYS)
            .plus(10, ChronoUnit.HOURS);
    return site.newEvent(
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
  void buyersPageFromTheListToTheTicket() {
    String stage =
        "%s,%s,%s"
            .formatted(type("VIP", 150000, 120), type("R", 99000, 800), type("S", 55000, 2400));
    long jazz = event("Winter Jazz Night", "Hangang Hall", 9, stage, ",\"maxSeatsPerUser\":4");
    String fan = PagesFixture.newAddress("fan");
    site.signUp(fan, "Fan");
    long chamber = event("Chamber Music at Dusk", "Bukchon Salon", 12, type("A", 77000, 12), "");
    site.book(fan, chamber, "A", 10);
    site.book(fan, chamber, "A", 1);
    event(
        "서울 가족 뮤지컬",
        "남산 극장",
        20,
        stage,
        ",\"saleOpensAt\":\"%s\""
            .formatted(Instant.now().plus(29, ChronoUnit.HOURS).truncatedTo(ChronoUnit.HOURS)));
    event("Indie Rock Live", "Mapo Club", 26, type("S", 44000, 600), ",\"holdMinutes\":5");

    try (BrowserUser visitor = site.visitor(DisplaySettings.ENGLISH)) {
      visitor.open("/");
      visitor.seesText("Winter Jazz Night");
      visitor.picture("buyer-events");
    }
    try (BrowserUser visitor = site.visitor(DisplaySettings.KOREAN.dark())) {
      visitor.open("/#/events/" + jazz);
      visitor.sees("choice.type");
      visitor.page().getByRole(AriaRole.RADIO, new Page.GetByRoleOptions().setName("VIP")).check();
      visitor.button("quantity.more").click();
      visitor.picture("buyer-event-dark");
    }
    try (BrowserUser visitor = site.visitor(DisplaySettings.KOREAN.phone());
        BrowserUser other = site.visitor(DisplaySettings.ENGLISH.dark().phone())) {
      visitor.signUp(PagesFixture.newAddress("minji")).open("/#/events/" + jazz);
      other.signUp(PagesFixture.newAddress("alex")).open("/#/events/" + jazz);
      String crowd = PagesFixture.newAddress("crowd");
      site.signUp(crowd, "Crowd");
      // A pace is measured from second to second; without one nobody can estimate a wait.
      AtomicInteger booked = new AtomicInteger();
      await()
          .pollInterval(Duration.ofMillis(1_200))
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                site.book(crowd, jazz, "S", 1);
                return booked.incrementAndGet() == 3;
              });
      try (PagesFixture.Pause pause = site.pauseWorkers()) {
        site.queue(crowd, jazz, "S", 128);
        visitor.button("book.action").click();
        visitor.seesHeading("waiting.BOOK");
        assertThat(visitor.page().locator(".place")).hasText("128");
        visitor.sees("line.live");
        visitor.picture("buyer-waiting-phone");
        other.button("book.action").click();
        other.seesHeading("waiting.BOOK");
      }
      other.seesHeading("outcome.BOOK.done");
      other.picture("buyer-booked-phone-dark");
    }
  }
}
