package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ReducedMotion;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import ticketing.local.servers.ProjectRoot;

/// A person with a browser of their own. Closing it fails the test if a page broke its
/// Content-Security-Policy or threw an error that nobody caught.
final class BrowserUser implements AutoCloseable {

  private static final double PATIENCE = 30_000; // ms, for a busy machine

  private static final Path PICTURES =
      ProjectRoot.root().resolve(System.getProperty("ticketing.images", "web-tests/target/images"));

  /// Reported by the page itself, because the console would not tell which rule was broken.
  private static final String WATCH =
      """
      addEventListener('securitypolicyviolation', event =>
        console.error('Content-Security-Policy: ' + event.violatedDirective + ' ' + event.blockedURI));
      """;

  final Translations words;
  final BrowserContext context;
  private final URI url;
  private final List<String> troubles = new CopyOnWriteArrayList<>();
  private Page page;

  BrowserUser(Browser browser, URI url, DisplaySettings look) {
    this.url = url;
    this.words = Translations.of(look);
    this.context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setLocale(look.language())
                .setTimezoneId("Asia/Seoul")
                .setColorScheme(look.colours())
                .setReducedMotion(ReducedMotion.REDUCE)
                .setViewportSize(look.width(), look.height())
                .setHasTouch(look.isPhone())
                .setDeviceScaleFactor(look.isPhone() ? 2 : 1));
    context.setDefaultTimeout(PATIENCE);
    context.setDefaultNavigationTimeout(PATIENCE);
    context.addInitScript(WATCH);
    context.onConsoleMessage(
        message -> {
          if (message.type().equals("error")
              && message.text().contains("Content-Security-Policy")) {
            troubles.add(message.text());
          }
        });
    context.onWebError(error -> troubles.add(error.error()));
    this.page = context.newPage();
  }

  Page page() {
    return page;
  }

  List<String> troubles() {
    return troubles;
  }

  BrowserUser open(String path) {
    page.navigate(url.resolve("/") + path.substring(1));
    return this;
  }

  /// Closes the page and opens another one, as if the browser had been closed.
  BrowserUser reopen(String path) {
    page.close();
    page = context.newPage();
    return open(path);
  }

  /// Signs up in the page, with the keyboard alone.
  BrowserUser signUp(String email) {
    open("/#/sign-up");
    page.getByLabel(words.of("field.name")).fill("Kim Min-ji");
    page.getByLabel(words.of("field.email")).fill(email);
    page.getByLabel(words.of("field.password"), new Page.GetByLabelOptions().setExact(true))
        .fill(PagesFixture.PASSWORD);
    page.keyboard().press("Enter");
    seesHeading("events.title");
    return this;
  }

  BrowserUser signIn(String path, String email) {
    open(path);
    page.getByLabel(words.of("field.email")).fill(email);
    page.getByLabel(words.of("field.password"), new Page.GetByLabelOptions().setExact(true))
        .fill(PagesFixture.PASSWORD);
    page.keyboard().press("Enter");
    assertThat(button("nav.signOut").first()).isVisible(patience());
    return this;
  }

  /// Of what is seen now: into `target/images`, or with `-Dticketing.images=docs/images` to where
  /// the README finds it.
  void picture(String name) {
    Path file = PICTURES.resolve(name + ".png");
    page.screenshot(new Page.ScreenshotOptions().setPath(file));
    assertThat(file).isNotEmptyFile();
  }

  void press(String... keys) {
    for (String key : keys) {
      page.keyboard().press(key);
    }
  }

  Locator button(String key) {
    return page.getByRole(
        AriaRole.BUTTON, new Page.GetByRoleOptions().setName(words.of(key)).setExact(true));
  }

  /// Just these words, in some element.
  void sees(String key, String... values) {
    sees(page.getByText(words.of(key, values), new Page.GetByTextOptions().setExact(true)));
  }

  /// This text, maybe among others.
  void seesText(String text) {
    sees(page.getByText(text));
  }

  private static void sees(Locator any) {
    assertThat(any.filter(new Locator.FilterOptions().setVisible(true)).first())
        .isVisible(patience());
  }

  void seesHeading(String key) {
    seesTitle(words.of(key));
  }

  void seesTitle(String title) {
    assertThat(
            page.getByRole(
                AriaRole.HEADING,
                new Page.GetByRoleOptions().setName(title).setExact(true).setLevel(1)))
        .isVisible(patience());
  }

  static LocatorAssertions.IsVisibleOptions patience() {
    return new LocatorAssertions.IsVisibleOptions().setTimeout(PATIENCE);
  }

  @Override
  public void close() {
    context.close();
    assertThat(troubles).isEmpty();
  }
}
