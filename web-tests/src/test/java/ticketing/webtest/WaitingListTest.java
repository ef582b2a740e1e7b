package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.AriaRole;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The waiting list: join, position, leave, and an offer with its countdown.
@ExtendWith(PagesFixture.Extension.class)
class WaitingListTest {

  private final PagesFixture pages;

  WaitingListTest(PagesFixture pages) {
    this.pages = pages;
  }

  @Test
  void waitingBuyerLeavesJoinsAgainAndAcceptsOffer() {
    long event = pages.newEvent("Wanted", 0, 2, ",\"waitingList\":true,\"offerMinutes\":10");
    String other = PagesFixture.newEmail("holder");
    pages.signUp(other, "Holder");
    pages.book(other, event, "S", 2);
    try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone());
        BrowserUser holder = pages.newUser(DisplaySettings.ENGLISH)) {
      user.signUp(PagesFixture.newEmail("waiting")).open("/events/" + event);
      user.button("waitlist.join").click();
      user.seesHeading("outcome.JOIN.done");
      user.open("/reservations");
      user.seesText("waitlist.position", "position", "1");
      user.button("waitlist.leave").click();
      user.page().getByRole(AriaRole.DIALOG).locator("button[value=yes]").click();
      user.seesHeading("outcome.LEAVE.done");

      user.open("/events/" + event);
      user.page().locator("#waiting-quantity").selectOption("2");
      user.button("waitlist.join").click();
      user.seesHeading("outcome.JOIN.done");

      holder.signIn("/sign-in?next=reservations", other);
      holder.button("reservation.cancel").click();
      holder.page().getByRole(AriaRole.DIALOG).locator("button[value=yes]").click();
      holder.seesHeading("outcome.CANCEL.done");

      user.open("/reservations");
      Locator offer = user.page().locator(".reservation");
      assertThat(offer).containsText(user.texts.of("offer.left"));
      assertThat(offer.locator(".chip")).hasText(user.texts.of("offer.chip"));
      user.button("offer.accept").click();
      user.seesHeading("outcome.CONFIRM.done");
    }
  }
}
