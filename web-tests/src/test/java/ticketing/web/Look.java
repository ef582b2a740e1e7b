package ticketing.web;

import com.microsoft.playwright.options.ColorScheme;

/// How somebody looks at the pages.
record Look(String language, ColorScheme colours, int width, int height) {

  static final Look ENGLISH = new Look("en-US", ColorScheme.LIGHT, 1280, 900);
  static final Look KOREAN = new Look("ko-KR", ColorScheme.LIGHT, 1280, 900);

  Look dark() {
    return new Look(language, ColorScheme.DARK, width, height);
  }

  Look phone() {
    return new Look(language, colours, 390, 844);
  }

  boolean isPhone() {
    return width < 600;
  }
}
