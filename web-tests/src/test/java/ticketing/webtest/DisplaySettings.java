package ticketing.webtest;

import com.microsoft.playwright.options.ColorScheme;

/// Language, color scheme and window size of a browser.
record DisplaySettings(String language, ColorScheme colours, int width, int height) {

  static final DisplaySettings ENGLISH = new DisplaySettings("en-US", ColorScheme.LIGHT, 1280, 900);
  static final DisplaySettings KOREAN = new DisplaySettings("ko-KR", ColorScheme.LIGHT, 1280, 900);

  DisplaySettings dark() {
    return new DisplaySettings(language, ColorScheme.DARK, width, height);
  }

  DisplaySettings phone() {
    return new DisplaySettings(language, colours, 390, 844);
  }

  boolean isPhone() {
    return width < 600;
  }
}
