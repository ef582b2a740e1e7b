package ticketing.ingress.poster;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// Posters of events.
///
/// @param store `FOLDER` or `S3`
/// @param folder folder of the store `FOLDER`
/// @param bucket bucket of the store `S3`
/// @param s3Endpoint address of Amazon S3; empty: the one of the region
/// @param timeout maximum time of an operation of the store `S3` with its retry
/// @param maxConnections concurrent operations of the store `S3`
/// @param minSide minimum width and height of an uploaded image, in pixels
/// @param maxSide maximum width and height of an uploaded image, in pixels
/// @param maxPixels maximum number of pixels of an uploaded image; each takes about 10 bytes while
///   it is converted
/// @param maxWidth width of stored images, in pixels; a wider image is reduced
/// @param maxQueuedImages images queued for the thread that converts them; a further one gets 503
///   immediately
/// @param conversionTimeout maximum time of a conversion with its time in the queue; then 503
/// @param localCacheSize images in memory
/// @param maxDecodingTime maximum time of the decoding of an uploaded image; then it is refused
/// @param maxScans scans of an uploaded JPEG image; a progressive image has about 10
/// @param orphanInterval time between two searches for images that no event names
/// @param orphanAge an image that no event names is deleted after this time. It must exceed the
///   time of an upload
/// @param maxOrphanScan images that one search compares with the events
@Validated
@ConfigurationProperties("ticketing.posters")
record PosterSettings(
    @NotNull @DefaultValue("FOLDER") Store store,
    @NotNull @DefaultValue("${java.io.tmpdir}/ticketing-posters") Path folder,
    @NotNull @DefaultValue("") String bucket,
    @NotNull @DefaultValue("") URI s3Endpoint,
    @NotNull @DurationMin(millis = 1) @DefaultValue("3s") Duration timeout,
    @Min(1) @Max(1_000) @DefaultValue("10") int maxConnections,
    @Min(1) @Max(10_000) @DefaultValue("200") int minSide,
    @Min(1) @Max(10_000) @DefaultValue("6000") int maxSide,
    @Min(1) @Max(100_000_000) @DefaultValue("12000000") int maxPixels,
    @Min(1) @Max(10_000) @DefaultValue("1600") int maxWidth,
    @Min(1) @Max(100) @DefaultValue("4") int maxQueuedImages,
    @NotNull @DurationMin(millis = 1) @DefaultValue("10s") Duration conversionTimeout,
    @NotNull @DefaultValue("32MB") DataSize localCacheSize,
    @NotNull @DurationMin(millis = 1) @DefaultValue("5s") Duration maxDecodingTime,
    @Min(1) @Max(1_000) @DefaultValue("100") int maxScans,
    @NotNull @DurationMin(seconds = 1) @DefaultValue("10m") Duration orphanInterval,
    @NotNull @DurationMin(minutes = 2) @DefaultValue("1h") Duration orphanAge,
    @Min(1) @Max(1_000) @DefaultValue("1000") int maxOrphanScan) {

  /// Storage of the images.
  enum Store {
    FOLDER,
    S3
  }

  @AssertTrue(message = "the store S3 requires a bucket")
  boolean isBucketGiven() {
    return store != Store.S3 || !bucket.isBlank();
  }
}
