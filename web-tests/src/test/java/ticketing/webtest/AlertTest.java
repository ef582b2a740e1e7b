package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Sound, vibration and notification of a decision.
@ExtendWith(PagesFixture.Extension.class)
class AlertTest {

  /// Counts the alerts in place of a device.
  private static final String COUNT_ALERTS =
      """
      window.alerts = {contexts: 0, notes: 0, vibrations: 0, notifications: []};
      window.AudioContext = class extends AudioContext {
        constructor() {
          super();
          alerts.contexts++;
        }
      };
      const {start} = AudioScheduledSourceNode.prototype;
      AudioScheduledSourceNode.prototype.start = function (...from) {
        alerts.notes++;
        return start.apply(this, from);
      };
      Navigator.prototype.vibrate = () => ++alerts.vibrations > 0;
      window.Notification = class {
        static permission = 'granted';
        constructor(title, {body}) {
          alerts.notifications.push(`${title}: ${body}`);
        }
      };
      """;

  private static final int NOTES = 2; // of one sound

  private final PagesFixture pages;

  AlertTest(PagesFixture pages) {
    this.pages = pages;
  }

  private static int count(BrowserUser user, String kind) {
    return ((Number) user.page().evaluate("kind => alerts[kind]", kind)).intValue();
  }

  private static void seesCount(BrowserUser user, String kind, int count) {
    user.page().waitForFunction("([kind, count]) => alerts[kind] === count", List.of(kind, count));
  }

  @Test
  void permittedAlertsAreRememberedAndNeedAGesture() {
    long event = pages.newEvent("Loud", 0, 20, "");
    String email = PagesFixture.newEmail("loud");
    pages.signUp(email, "Loud");
    try (BrowserUser user = pages.newUser(DisplaySettings.ENGLISH)) {
      user.context.addInitScript(COUNT_ALERTS);
      user.reopen("/").signIn("/sign-in?next=events/" + event, email);
      try (PagesFixture.WorkerPause _ = pages.pauseWorkers()) {
        user.book();
        user.seesHeading("waiting.BOOK");
        assertThat(user.button("waiting.notify")).hasAttribute("aria-pressed", "false");
        assertThat(count(user, "contexts")).isZero();
        user.button("waiting.notify").click();
        assertThat(user.button("waiting.notify")).hasAttribute("aria-pressed", "true");
        seesCount(user, "notes", NOTES);
        user.page().evaluate("Object.defineProperty(document, 'hidden', {get: () => true})");
      }
      user.seesHeading("outcome.BOOK.done");
      seesCount(user, "notes", 2 * NOTES);
      assertThat(count(user, "vibrations")).isEqualTo(2);
      assertThat(user.page().evaluate("alerts.notifications"))
          .isEqualTo(List.of(user.texts.of("outcome.BOOK.done") + ": Loud"));

      // A new page has had no gesture.
      user.page().close();
      try (PagesFixture.WorkerPause _ = pages.pauseWorkers()) {
        pages.submitBookings(email, event, "S", 1);
        user.reopen("/");
        user.seesText("tray.next");
      }
      user.seesText("tray.decided");
      assertThat(count(user, "contexts")).isZero();
      assertThat(count(user, "notes")).isZero();

      // After a gesture each view alerts.
      try (PagesFixture.WorkerPause _ = pages.pauseWorkers()) {
        pages.submitBookings(email, event, "S", 1);
        user.page().reload();
        user.seesText("tray.next");
        user.press("Tab");
        assertThat(count(user, "contexts")).isEqualTo(1);
      }
      seesCount(user, "notes", NOTES);

      try (PagesFixture.WorkerPause _ = pages.pauseWorkers()) {
        user.open("/events/" + event).book();
        user.seesHeading("waiting.BOOK");
        assertThat(user.button("waiting.notify")).hasAttribute("aria-pressed", "true");
        user.button("waiting.notify").click();
        assertThat(user.button("waiting.notify")).hasAttribute("aria-pressed", "false");
      }
      user.seesHeading("outcome.BOOK.done");
      assertThat(count(user, "notes")).isZero();
      user.page().reload();
      assertThat(
              (Boolean) user.page().evaluate("localStorage.getItem('ticketing.alerts') === null"))
          .isTrue();
    }
  }
}
