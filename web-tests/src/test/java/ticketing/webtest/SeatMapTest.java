package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.ElementHandle;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.BoundingBox;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import ticketing.domain.Json;

/// The seat map: choice by mouse, touch, keyboard and list, and changes while the map is open.
@ExtendWith(PagesFixture.Extension.class)
class SeatMapTest {

  /// Three requests of each of the six connections of a browser.
  private static final int MAX_FIRST_FILES = 18;

  private final PagesFixture pages;

  SeatMapTest(PagesFixture pages) {
    this.pages = pages;
  }

  private void bookSeats(String email, long event, String... seats) {
    pages.post(
        "/api/v1/reservations",
        pages.token(email),
        Json.INTERNAL.writeValueAsString(
            Map.of("eventId", event, "quantity", seats.length, "seats", List.of(seats))));
  }

  private static Locator canvas(BrowserUser user) {
    Locator canvas = user.page().locator("canvas.seat-canvas");
    assertThat(canvas).isVisible(BrowserUser.visibleTimeout());
    return canvas;
  }

  private static String seatName(BrowserUser user, String section, int row, String seat) {
    return user.texts.of("seat.name", "section", section, "row", String.valueOf(row), "seat", seat);
  }

  private static Locator chosen(BrowserUser user) {
    return user.page().locator(".chosen li");
  }

  @Test
  void pageOffersNextBestForTakenSeat() {
    long event = pages.newSeatedEvent("Two seats", 3, 6);
    String other = PagesFixture.newEmail("faster");
    pages.signUp(other, "Faster");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("seats")).open("/events/" + event);
      canvas(user).focus();
      // The first key moves to the best seat, the others to its neighbours.
      user.press("ArrowRight", "Enter", "ArrowRight", "Enter");
      assertThat(chosen(user))
          .hasText(
              new String[] {
                seatName(user, "VIP", 2, "VIP-2-1") + "×", seatName(user, "VIP", 2, "VIP-2-2") + "×"
              });
      assertThat(user.page().locator(".total")).hasText("₩300,000");

      bookSeats(other, event, "VIP-2-2");
      user.seesTextContaining(
          user.texts.of("seats.lost", "seats", seatName(user, "VIP", 2, "VIP-2-2")));
      assertThat(chosen(user)).hasCount(1);
      user.button("seats.next.choose").click();
      assertThat(chosen(user)).hasCount(2);
      List<String> names = chosen(user).locator("span").allTextContents();
      assertThat(names).doesNotContain(seatName(user, "VIP", 2, "VIP-2-2"));

      user.book();
      user.seesHeading("outcome.BOOK.done");
      assertThat(user.page().locator(".seat-names li")).hasText(names.toArray(String[]::new));
      user.open("/reservations");
      assertThat(user.page().locator(".seat-names li")).hasText(names.toArray(String[]::new));
    }
  }

  @Test
  void firstDrawingNeedsThreeRoundsOfRequests() {
    long event = pages.newSeatedEvent("Few files", 3, 6);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/events/" + event);
      canvas(user);
      assertThat(
              user.page()
                  .locator("link[rel=modulepreload], link[rel=preload], link[rel=stylesheet]")
                  .count())
          .isLessThanOrEqualTo(MAX_FIRST_FILES);
    }
  }

  @Test
  void rejectionOffersOtherSeats() {
    long event = pages.newSeatedEvent("Race", 3, 6);
    String other = PagesFixture.newEmail("race");
    pages.signUp(other, "Race");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN)) {
      user.signUp(PagesFixture.newEmail("slower")).open("/events/" + event);
      canvas(user).focus();
      user.press("ArrowRight", "Enter");
      assertThat(chosen(user)).hasCount(1);
      try (PagesFixture.WorkerPause pause = pages.pauseWorkers()) {
        bookSeats(other, event, "VIP-2-1");
        user.book();
        user.seesHeading("waiting.BOOK");
      }
      user.seesHeading("rejected.BOOK");
      user.page()
          .getByRole(AriaRole.LINK)
          .filter(new Locator.FilterOptions().setHasText(user.texts.of("outcome.seats")))
          .click();
      user.button("seats.next.choose").click();
      assertThat(chosen(user)).hasCount(1);
      assertThat(chosen(user)).not().containsText("VIP-2-1");
      user.book();
      user.seesHeading("outcome.BOOK.done");
    }
  }

  @Test
  void bestSeatsAreBookedWithoutChoice() {
    long event = pages.newSeatedEvent("One click", 3, 6);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH.phone())) {
      user.signUp(PagesFixture.newEmail("best")).open("/events/" + event);
      canvas(user);
      user.button("quantity.more").click();
      user.book();
      user.seesHeading("outcome.BOOK.done");
      assertThat(user.page().locator(".seat-names li"))
          .hasText(new String[] {seatName(user, "S", 2, "S-2-1"), seatName(user, "S", 2, "S-2-2")});
    }
  }

  @Test
  void compactMapEqualsTheFullMap() {
    String seats =
        """
        [{"id":"가\\uD83C\\uDFAD1","seatType":"VIP","rank":7,"x":-0.05,"y":100},null,null,
         {"id":"가\\uD83C\\uDFAA1","seatType":"S","rank":2,"x":2.125,"y":-3},{"id":"b","seatType":"S","rank":9,"x":1e3,"y":%s}]\
        """;
    // The full map, which has no scale, replaces a compact one with too many digits.
    Map<String, Integer> scales = Map.of("0.1", 1_000, "0.1234567", 0);
    for (String y : scales.keySet()) {
      long event =
          pages
              .newEvent(
                  """
                  {"eventName":"Columns","eventDate":"2031-12-24T10:00:00Z",
                   "seatTypes":[{"seatType":"VIP","price":"9"},{"seatType":"S","price":"5"}],
                   "seatMap":{"sections":[{"section":"A","rows":[{"row":"1","seats":%s}]}]}}\
                  """
                      .formatted(seats.formatted(y)))
              .get("eventId")
              .longValue();
      try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
        user.open("/events/" + event);
        canvas(user);
        assertThat(
                (List<?>)
                    user.page()
                        .evaluate(
                            """
                            async path => {
                              const module = [...document.querySelectorAll('script[type=module]')].at(-1).src;
                              const {expanded} = await import(new URL('./seatmap.js', module));
                              const read = async more => (await fetch(path + more)).json();
                              const compact = await read('&compact=true');
                              return [compact.scale ?? 0, JSON.stringify(await read('')), JSON.stringify(expanded(compact))];
                            }\
                            """,
                            "/api/v1/events/" + event + "/seat-map?revision=1"))
            .satisfies(values -> {
              assertThat(values.get(0)).isEqualTo(scales.get(y));
              assertThat(values.get(2)).isEqualTo(values.get(1));
            });
      }
    }
  }

  @Test
  void openSectionListKeepsItsOptions() {
    long event = pages.newSeatedEvent("Open list", 3, 6);
    String other = PagesFixture.newEmail("options");
    pages.signUp(other, "Options");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/events/" + event);
      canvas(user);
      Locator option = user.page().locator("#seat-section option").nth(1);
      assertThat(option).containsText("18");
      ElementHandle first = option.elementHandle();
      ElementHandle swatch = user.page().locator("canvas.swatch").first().elementHandle();
      bookSeats(other, event, "VIP-1-1");
      assertThat(option).containsText("17", BrowserUser.textTimeout());
      assertThat(first.evaluate("node => node.isConnected")).isEqualTo(true);
      assertThat(swatch.evaluate("node => node.isConnected")).isEqualTo(true);
    }
  }

  @Test
  void seatListChoosesSeatsOfTheMap() {
    long event = pages.newSeatedEvent("List", 3, 6);
    String other = PagesFixture.newEmail("list");
    pages.signUp(other, "List");
    bookSeats(other, event, "S-1-2");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/events/" + event);
      canvas(user);
      user.button("seats.asList").click();
      user.page().getByText(user.texts.of("seats.section", "section", "S", "left", "17")).click();
      user.page().getByText(user.texts.of("seats.row", "row", "1", "left", "5")).click();
      Locator taken = user.page().getByLabel(user.texts.of("seat.taken", "seat", "S-1-2")).first();
      assertThat(taken).isDisabled();
      Locator free =
          user.page()
              .getByLabel(
                  user.texts.of("seat.free", "seat", "S-1-3", "type", "S", "price", "₩55,000"));
      free.focus();
      user.press("Space");
      assertThat(free).hasAttribute("aria-pressed", "true");
      assertThat(chosen(user)).containsText(seatName(user, "S", 1, "S-1-3"));
      // The choice survives the other language and the return to the map.
      user.button("language.other").click();
      assertThat(chosen(user)).containsText("S-1-3");
      assertThat(user.page().locator("html")).hasAttribute("lang", "ko");
      canvas(user);
    }
  }

  @Test
  void pinchAndWheelEnlargeSmallSeats() {
    long event = pages.newSeatedEvent("Large hall", 41, 60);
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH.phone())) {
      user.open("/events/" + event);
      Locator canvas = canvas(user);
      canvas.scrollIntoViewIfNeeded();
      BoundingBox box = canvas.boundingBox();
      double x = box.x + box.width * 0.75;
      double y = box.y + box.height / 2;
      // A tap does not choose seats of a few pixels.
      CDPSession touch = user.context.newCDPSession(user.page());
      pinch(touch, x, y, 8, 120);
      pinch(touch, x, y, 30, 120);
      user.page().touchscreen().tap(x, y);
      assertThat(chosen(user)).hasCount(1);
      assertThat(chosen(user)).containsText("row 21");
      assertThat(user.page().evaluate("document.documentElement.scrollWidth <= innerWidth"))
          .isEqualTo(true);
    }
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.open("/events/" + event);
      BoundingBox box = canvas(user).boundingBox();
      user.page().mouse().move(box.x + box.width * 0.75, box.y + box.height / 2);
      user.page().mouse().wheel(0, -2_000);
      user.page().mouse().click(box.x + box.width * 0.75, box.y + box.height / 2);
      assertThat(chosen(user)).containsText("row 21");
      // A drag moves the map and chooses no other seat.
      user.page().mouse().down();
      user.page().mouse().move(box.x + box.width * 0.75 - 90, box.y + box.height / 2);
      user.page().mouse().up();
      assertThat(chosen(user)).hasCount(1);
    }
  }

  private static void pinch(CDPSession session, double x, double y, int from, int to) {
    touch(session, "touchStart", x, y, from);
    for (int step = 1; step <= 6; step++) {
      touch(session, "touchMove", x, y, from + (to - from) * step / 6);
    }
    session.send("Input.dispatchTouchEvent", touchEvent("touchEnd", ""));
  }

  private static void touch(CDPSession session, String type, double x, double y, int distance) {
    session.send(
        "Input.dispatchTouchEvent",
        touchEvent(
            type,
            "{\"x\":%s,\"y\":%s,\"id\":1},{\"x\":%s,\"y\":%s,\"id\":2}"
                .formatted(x - distance / 2.0, y, x + distance / 2.0, y)));
  }

  private static JsonObject touchEvent(String type, String points) {
    return com.google.gson.JsonParser.parseString(
            "{\"type\":\"%s\",\"touchPoints\":[%s]}".formatted(type, points))
        .getAsJsonObject();
  }
}
