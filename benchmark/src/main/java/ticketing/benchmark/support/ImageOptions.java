package ticketing.benchmark.support;

/// JVM options of the images.
public final class ImageOptions {

  /// Options that override those of the launcher.
  public static final String TEXT = "-XX:TieredStopAtLevel=4 -XX:ReservedCodeCacheSize=64m";

  private ImageOptions() {}
}
