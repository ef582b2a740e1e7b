package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.zxing.BinaryBitmap;
import com.google.zxing.DecodeHintType;
import com.google.zxing.RGBLuminanceSource;
import com.google.zxing.ReaderException;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.qrcode.QRCodeReader;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import ticketing.domain.Json;

/// Entry passes of buyers, and their check-in with and without a connection.
@ExtendWith(PagesFixture.Extension.class)
class EntryPassTest {

  private static final String RESERVATIONS = "**/api/v1/reservations/*";
  private static final String EVENTS = "**/api/v1/events?*";
  private static final String PASSES = "**/entry-pass";

  private final PagesFixture pages;

  EntryPassTest(PagesFixture pages) {
    this.pages = pages;
  }

  /// Books a seat and shows its pass.
  ///
  /// @return text of the QR code on the screen
  private String bookedPass(BrowserUser user, long event) {
    user.open("/events/" + event);
    user.book();
    user.seesHeading("outcome.BOOK.done");
    user.link("pass.show").click();
    Locator code = user.page().locator("svg.qr");
    assertThat(code).isVisible(BrowserUser.visibleTimeout());
    return await()
        .pollInSameThread()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              user.takeScreenshot("entry-pass");
              return read(code.screenshot());
            },
            Optional::isPresent)
        .orElseThrow();
  }

  /// Reads a QR code at several sizes, as a moving camera does. The reader takes parts of some
  /// codes for the patterns of their corners.
  private static Optional<String> read(byte[] screenshot) throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(screenshot));
    return IntStream.iterate(1_000, side -> side >= 200, side -> side - 50)
        .mapToObj(side -> read(image, side))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> read(BufferedImage image, int side) {
    BufferedImage scaled = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = scaled.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(image, 0, 0, side, side, null);
    graphics.dispose();
    int[] pixels = scaled.getRGB(0, 0, side, side, null, 0, side);
    RGBLuminanceSource source = new RGBLuminanceSource(side, side, pixels);
    try {
      return Optional.of(
          new QRCodeReader()
              .decode(
                  new BinaryBitmap(new HybridBinarizer(source)),
                  Map.of(DecodeHintType.TRY_HARDER, true))
              .getText());
    } catch (ReaderException e) {
      return Optional.empty();
    }
  }

  private static void check(BrowserUser staff, String code, String state) {
    staff.page().locator("#check-code").fill(code);
    staff.press("Enter");
    assertThat(staff.page().locator(".verdict"))
        .hasAttribute("data-state", state, BrowserUser.attributeTimeout());
  }

  @Test
  void checkInAcceptsPassOnceAndRefusesOthers() {
    long event = pages.newEvent("Admitted", 0, 10, "");
    long other = pages.newEvent("Other entrance", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone());
        BrowserUser staff = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("pass"));
      String cancelled = bookedPass(user, event);
      String pass = bookedPass(user, event);
      String offline = bookedPass(user, event);
      String foreign = bookedPass(user, other);

      staff.signIn("/sign-in?next=check-in", pages.admin);
      staff.page().locator("#check-event").selectOption(String.valueOf(event));
      check(staff, pass, "VALID");
      assertThat(staff.page().locator(".verdict")).containsText("Admitted");
      assertThat(staff.page().locator(".verdict")).containsText("Kim Min-ji");
      staff.takeScreenshot("check-in");
      check(staff, pass, "REPEATED");
      staff.page().reload();
      check(staff, pass, "REPEATED");
      check(staff, foreign, "OTHER_EVENT");
      staff.answerWithProblem(EVENTS, 503, "DATABASE_UNAVAILABLE");
      staff.page().reload();
      check(staff, foreign, "OTHER_EVENT");
      staff.page().unroute(EVENTS);
      check(staff, changed(pass), "INVALID");
      check(staff, pages.token(pages.admin), "INVALID");
      check(staff, "Kim", "INVALID");

      user.open("/reservations");
      user.button("reservation.cancel").last().click();
      user.page().locator("dialog button[value=yes]").click();
      user.seesHeading("outcome.CANCEL.done");
      check(staff, cancelled, "CANCELLED");

      staff.answerWithProblem(RESERVATIONS, 404, "RESERVATION_NOT_FOUND");
      check(staff, offline, "CANCELLED");
      staff.page().unroute(RESERVATIONS);

      staff
          .page()
          .evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }");
      staff.context.setOffline(true);
      check(staff, offline, "VALID");
      staff.seesText("checkin.offline");
      staff.seesText("checkin.unsaved");
      check(staff, offline, "REPEATED");
      staff.context.setOffline(false);

      staff.answerWithProblem(RESERVATIONS, 401, "UNAUTHENTICATED");
      staff.page().locator("#check-code").fill(cancelled);
      staff.press("Enter");
      assertThat(staff.page().locator("#check-code"))
          .hasCount(0, new LocatorAssertions.HasCountOptions().setTimeout(30_000));
    }
  }

  /// The pass with another quantity and the old signature.
  private static String changed(String pass) {
    String[] parts = pass.split("\\.");
    String claims = new String(Base64.getUrlDecoder().decode(parts[1]));
    String larger = claims.replace("\"qty\":1", "\"qty\":9");
    assertThat(larger).isNotEqualTo(claims);
    return parts[0]
        + "."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(larger.getBytes())
        + "."
        + parts[2];
  }

  @Test
  void entranceListHasAllPages() {
    try (BrowserUser staff = pages.newUser(DisplaySettings.ENGLISH)) {
      staff.signIn("/sign-in?next=check-in", pages.admin);
      staff
          .page()
          .route(
              "**/api/v1/events?from=*",
              route -> {
                String number = route.request().url().replaceFirst(".*[?&]page=(\\d+).*", "$1");
                route.fulfill(
                    new Route.FulfillOptions()
                        .setContentType("application/json")
                        .setBody(
                            """
                            {"content":[{"eventId":90%s,"eventName":"Show","eventDate":"2031-12-24T10:00:00Z",
                              "timeZone":"Asia/Seoul"}],"page":{"totalPages":3}}\
                            """
                                .formatted(number)));
              });
      staff.page().reload();
      assertThat(staff.page().locator("#check-event option[value^='90']")).hasCount(3);
      // The narrow list cuts the end off.
      assertThat(staff.page().locator("#check-event option[value='901']"))
          .hasText(Pattern.compile("^Dec 24, 2031, 7:00.PM . Show$"));
    }
  }

  @Test
  void expiredPassIsRefused() {
    long event = pages.newEvent("Expired", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH);
        BrowserUser staff = pages.newUser(DisplaySettings.KOREAN.phone())) {
      user.signUp(PagesFixture.newEmail("expired"));
      String pass = bookedPass(user, event);
      staff.signIn("/sign-in?next=check-in", pages.admin);
      // One day after the begin of the show.
      int end =
          Json.INTERNAL
              .readTree(Base64.getUrlDecoder().decode(pass.split("\\.")[1]))
              .get("exp")
              .intValue();
      Object state =
          staff
              .page()
              .evaluate(
                  """
                  async ([pass, end]) => {
                    const module = [...document.querySelectorAll('script[type=module]')].at(-1).src;
                    const {checkPass} = await import(new URL('./passcheck.js', module));
                    const {keys} = await (await fetch('/.well-known/entry-pass-keys.json')).json();
                    const at = async seconds => (await checkPass(pass, keys, seconds * 1000)).state;
                    const noObject = await checkPass('bnVsbA.e30.AA', keys, 0);
                    return [await at(end - 1), await at(end), noObject.state].join();
                  }\
                  """,
                  new Object[] {pass, end});
      assertThat(state).isEqualTo("VALID,EXPIRED,INVALID");
      check(staff, pass, "VALID");
      staff.takeScreenshot("check-in-phone");
    }
  }

  @Test
  void unavailablePassIsNotMissing() {
    long event = pages.newEvent("Unavailable", 0, 10, "");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("unavailable")).open("/events/" + event);
      user.book();
      user.seesHeading("outcome.BOOK.done");
      user.answerWithProblem(PASSES, 503, "DATABASE_UNAVAILABLE");
      user.link("pass.show").click();
      user.seesHeading("failure.title");
      user.page().unroute(PASSES);
      user.button("failure.again").click();
      assertThat(user.page().locator("svg.qr")).isVisible(BrowserUser.visibleTimeout());
    }
  }

  @Test
  void cameraEndsWithItsSecondClick() {
    try (BrowserUser staff = pages.newUser(DisplaySettings.ENGLISH)) {
      staff
          .page()
          .addInitScript(
              """
              window.BarcodeDetector = class { async detect() { return []; } };
              navigator.mediaDevices.getUserMedia = () => new Promise(resolve => {
                window.permit = resolve;
              });\
              """);
      staff.signIn("/sign-in?next=check-in", pages.admin);
      staff.button("checkin.camera").click();
      staff.button("checkin.camera").click();
      Object state =
          staff
              .page()
              .evaluate(
                  """
                  async () => {
                    const stream = document.createElement('canvas').captureStream();
                    window.permit(stream);
                    await new Promise(resolve => { setTimeout(resolve); });
                    return stream.getTracks().map(track => track.readyState).join();
                  }\
                  """);
      assertThat(state).isEqualTo("ended");
    }
  }

  @Test
  void buyersCannotCheckPasses() {
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("nostaff")).open("/check-in");
      user.seesHeading("checkin.forbidden");
      assertThat(user.page().locator("#check-code")).hasCount(0);
    }
  }

  @Test
  void otherLanguageKeepsTheEnteredCode() {
    try (BrowserUser admin = pages.newUser(DisplaySettings.ENGLISH)) {
      admin.signIn("/sign-in?next=check-in", pages.admin);
      admin.page().locator("#check-code").fill("eyJhb");
      admin.button("language.other").click();
      assertThat(admin.page().locator("h1")).hasText("입장 확인");
      assertThat(admin.page().locator("#check-code")).hasValue("eyJhb");
    }
  }
}
