package ticketing.ingress.poster;

import com.twelvemonkeys.imageio.plugins.webp.lossless.VP8LDecoder;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/// Converts an uploaded image to JPEG images of bounded sizes without metadata.
///
/// The image is decoded and encoded again, so a stored image contains only pixels. Its structure
/// and the size in its head are checked ahead of the decoding, whose processor time is bounded.
final class PosterImage {

  private static final float QUALITY = 0.85f;

  /// Memory of the lossless coding of WebP: a full one has 4 bytes a pixel, and its tables.
  private static final long TRIAL_BYTES = 32 << 20;

  private static final long TRIAL_BYTES_PER_PIXEL = 16;

  /// The input is no supported image, or its size is out of bounds. The message is for clients.
  static final class InvalidImageException extends Exception {

    InvalidImageException(String message) {
      super(message);
    }
  }

  private PosterImage() {}

  /// Runs on a platform thread.
  ///
  /// @return images by their widths: the variants of [PosterKey#WIDTHS] that are narrower than the
  ///   full image, then the full image
  /// @throws InvalidImageException if the input is no JPEG, PNG or WebP image within the bounds
  static Map<Integer, byte[]> convert(byte[] input, PosterSettings settings)
      throws InvalidImageException {
    ImageReader reader = null;
    try {
      ImageFile file = ImageFile.parse(input);
      if (file.scans() > settings.maxScans()) {
        throw new InvalidImageException(
            "must have at most %d scans".formatted(settings.maxScans()));
      }
      for (ImageFile.LosslessPart part : file.losslessParts()) {
        requireBounds(part.width(), part.height(), settings);
        requireDecodable(part, input, settings);
      }
      reader = ImageIO.getImageReadersByFormatName(file.format()).next();
      DecodingBudget budget = new DecodingBudget(settings.maxDecodingTime(), Long.MAX_VALUE);
      // Without metadata.
      reader.setInput(budget.stream(input), false, true);
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      requireBounds(width, height, settings);
      ImageReadParam parameters = reader.getDefaultReadParam();
      int across = isTransposed(file.orientation()) ? height : width;
      int step = Math.max(1, across / settings.maxWidth());
      parameters.setSourceSubsampling(step, step, 0, 0);
      BufferedImage image = reader.read(0, parameters);
      return encoded(drawn(image, file.orientation(), settings.maxWidth()));
    } catch (DecodingBudget.ExceededException e) {
      throw new InvalidImageException(
          "must need at most %d ms of decoding".formatted(settings.maxDecodingTime().toMillis()));
    } catch (IOException | RuntimeException e) {
      // Readers throw unchecked exceptions for some invalid files.
      throw new InvalidImageException("must be a readable image");
    } finally {
      if (reader != null) {
        reader.dispose();
      }
    }
  }

  /// Decodes a part without a use of its pixels. The coding may state any number of transforms of
  /// all pixels in a few bytes, and the reader of `ImageIO` applies them without a read of its
  /// stream.
  private static void requireDecodable(
      ImageFile.LosslessPart part, byte[] input, PosterSettings settings) throws IOException {
    long pixels = (long) part.width() * part.height();
    DecodingBudget budget =
        new DecodingBudget(
            settings.maxDecodingTime(), TRIAL_BYTES + TRIAL_BYTES_PER_PIXEL * pixels);
    ImageInputStream stream = budget.stream(input);
    stream.setByteOrder(ByteOrder.LITTLE_ENDIAN);
    stream.seek(part.offset());
    new VP8LDecoder(stream, false)
        .readVP8Lossless(
            budget.raster(part.width(), part.height()), true, null, part.width(), part.height());
  }

  private static Map<Integer, byte[]> encoded(BufferedImage image) throws IOException {
    Map<Integer, byte[]> images = new LinkedHashMap<>();
    for (int width : PosterKey.WIDTHS) {
      if (width < image.getWidth()) {
        images.put(width, encode(reduced(image, width)));
      }
    }
    images.put(PosterKey.FULL, encode(image));
    return images;
  }

  /// Halves the image first, because the interpolation uses the nearest pixels only.
  private static BufferedImage reduced(BufferedImage image, int width) {
    BufferedImage reduced = image;
    while (reduced.getWidth() >= 2 * width) {
      reduced = drawn(reduced, 1, (reduced.getWidth() + 1) / 2);
    }
    return drawn(reduced, 1, width);
  }

  private static void requireBounds(int width, int height, PosterSettings settings)
      throws InvalidImageException {
    if (Math.min(width, height) < settings.minSide()
        || Math.max(width, height) > settings.maxSide()) {
      throw new InvalidImageException(
          "must have %d to %d pixels a side".formatted(settings.minSide(), settings.maxSide()));
    }
    if ((long) width * height > settings.maxPixels()) {
      throw new InvalidImageException(
          "must have at most %d pixels".formatted(settings.maxPixels()));
    }
  }

  private static boolean isTransposed(int orientation) {
    return orientation >= 5;
  }

  /// Returns the upright image on a white ground, with at most the width.
  private static BufferedImage drawn(BufferedImage image, int orientation, int maxWidth) {
    int width = isTransposed(orientation) ? image.getHeight() : image.getWidth();
    int height = isTransposed(orientation) ? image.getWidth() : image.getHeight();
    double scale = Math.min(1, (double) maxWidth / width);
    BufferedImage drawn =
        new BufferedImage(
            Math.max(1, (int) Math.round(width * scale)),
            Math.max(1, (int) Math.round(height * scale)),
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = drawn.createGraphics();
    try {
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, drawn.getWidth(), drawn.getHeight());
      graphics.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
      AffineTransform transform =
          AffineTransform.getScaleInstance(
              (double) drawn.getWidth() / width, (double) drawn.getHeight() / height);
      transform.concatenate(upright(orientation, image.getWidth(), image.getHeight()));
      graphics.drawImage(image, transform, null);
    } finally {
      graphics.dispose();
    }
    return drawn;
  }

  /// Maps the pixels of a stored image to those of the upright one.
  private static AffineTransform upright(int orientation, int width, int height) {
    return switch (orientation) {
      case 2 -> new AffineTransform(-1, 0, 0, 1, width, 0);
      case 3 -> new AffineTransform(-1, 0, 0, -1, width, height);
      case 4 -> new AffineTransform(1, 0, 0, -1, 0, height);
      case 5 -> new AffineTransform(0, 1, 1, 0, 0, 0);
      case 6 -> new AffineTransform(0, 1, -1, 0, height, 0);
      case 7 -> new AffineTransform(0, -1, -1, 0, height, width);
      case 8 -> new AffineTransform(0, -1, 1, 0, 0, width);
      default -> new AffineTransform();
    };
  }

  private static byte[] encode(BufferedImage image) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      parameters.setCompressionQuality(QUALITY);
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), parameters);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }
}
