package ticketing.ingress.poster;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import ticketing.ingress.poster.PosterImage.InvalidImageException;

/// Format and structure of an uploaded image.
///
/// The orientation is read here, so that the readers of images need no metadata, which may contain
/// compressed texts of any length. The structure is read ahead of the decoding, because a decoder
/// decodes each scan and each chunk for all pixels.
///
/// @param format name of the format for `ImageIO`
/// @param orientation orientation of Exif, 1 to 8. A camera stores an image as its sensor has it
/// @param scans scans of a JPEG image, else 1
/// @param losslessParts parts of a WebP image in its lossless coding
record ImageFile(String format, int orientation, int scans, List<LosslessPart> losslessParts) {

  /// Pixels or alpha channel in the lossless coding of WebP.
  ///
  /// @param offset position of the coded data, at the place of their head of 5 bytes
  record LosslessPart(int offset, int width, int height) {}

  private static final byte[] PNG_HEAD = latin1("\u0089PNG\r\n\032\n");
  private static final int JPEG_END = 0xd9;
  private static final int EXIF_ORIENTATION = 0x112;
  private static final int EXIF_SHORT = 3;
  private static final int UPRIGHT = 1;
  private static final int WEBP_HEAD = 10; // bytes of a chunk with its sizes
  private static final int WEBP_ANIMATION = 2;
  private static final int WEBP_LOSSLESS_ALPHA = 1;

  /// Ignores the declared type.
  ///
  /// @throws InvalidImageException for another format, an animation or an invalid structure
  static ImageFile parse(byte[] file) throws InvalidImageException {
    if (startsWith(file, 0, latin1("\u00ff\u00d8\u00ff"))) {
      return new ImageFile("jpeg", jpegOrientation(ByteBuffer.wrap(file)), scans(file), List.of());
    }
    if (startsWith(file, 0, PNG_HEAD)) {
      return new ImageFile("png", UPRIGHT, 1, List.of());
    }
    if (startsWith(file, 0, latin1("RIFF")) && startsWith(file, 8, latin1("WEBP"))) {
      return new ImageFile("webp", UPRIGHT, 1, losslessParts(file));
    }
    throw new InvalidImageException("must be a JPEG, PNG or WebP image");
  }

  /// Counts the scans. In their data, a zero follows a byte of ones.
  ///
  /// @throws InvalidImageException if the image has no end. A decoder shows its missing part in
  ///   grey
  private static int scans(byte[] file) throws InvalidImageException {
    int scans = 0;
    boolean ends = false;
    for (int at = 2; at < file.length - 1; ) {
      int marker = file[at + 1] & 0xff;
      if (file[at] != (byte) 0xff || marker == 0 || marker == 0xff || isWithoutLength(marker)) {
        ends |= file[at] == (byte) 0xff && marker == JPEG_END && scans > 0;
        at++;
        continue;
      }
      scans += marker == 0xda ? 1 : 0;
      at += at < file.length - 3 ? 2 + ((file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff) : 2;
    }
    if (!ends) {
      throw new InvalidImageException("must be a readable image");
    }
    return scans;
  }

  private static boolean isWithoutLength(int marker) {
    return marker == 1 || marker >= 0xd0 && marker <= 0xd9;
  }

  /// Requires one picture of the size of the canvas, with at most one alpha channel.
  private static List<LosslessPart> losslessParts(byte[] bytes) throws InvalidImageException {
    // With space for the head of a chunk that ends early.
    ByteBuffer file =
        ByteBuffer.wrap(Arrays.copyOf(bytes, bytes.length + WEBP_HEAD))
            .order(ByteOrder.LITTLE_ENDIAN);
    List<LosslessPart> parts = new ArrayList<>();
    Set<Long> sizes = new HashSet<>();
    int alpha = -1;
    int alphas = 0;
    int pictures = 0;
    for (long at = 12; at + 8 <= bytes.length; ) {
      int content = (int) at + 8;
      long length = file.getInt((int) at + 4) & 0xffffffffL;
      String name = StandardCharsets.ISO_8859_1.decode(file.slice((int) at, 4)).toString();
      switch (name) {
        case "ANIM", "ANMF" -> throw new InvalidImageException("must be a still image");
        case "VP8X" -> {
          if ((file.get(content) & WEBP_ANIMATION) != 0) {
            throw new InvalidImageException("must be a still image");
          }
          sizes.add(
              size((file.getInt(content + 3) >>> 8) + 1, (file.getInt(content + 6) >>> 8) + 1));
        }
        case "VP8 " -> {
          pictures++;
          sizes.add(size(file.getShort(content + 6) & 0x3fff, file.getShort(content + 8) & 0x3fff));
        }
        case "VP8L" -> {
          pictures++;
          int head = file.getInt(content + 1);
          int width = (head & 0x3fff) + 1;
          int height = (head >>> 14 & 0x3fff) + 1;
          sizes.add(size(width, height));
          parts.add(new LosslessPart(content, width, height));
        }
        case "ALPH" -> {
          alphas++;
          alpha = (file.get(content) & 3) == WEBP_LOSSLESS_ALPHA ? content : alpha;
        }
        default -> {
          // No pixels.
        }
      }
      at = content + length + (length & 1);
    }
    if (pictures != 1 || sizes.size() != 1 || alphas > 1) {
      throw new InvalidImageException("must be a readable image");
    }
    if (alpha >= 0) {
      long size = sizes.iterator().next();
      // Its data have no head of 5 bytes, and follow a byte.
      parts.add(new LosslessPart(alpha + 1 - 5, (int) (size >>> 32), (int) size));
    }
    return parts;
  }

  private static long size(int width, int height) {
    return (long) width << 32 | height;
  }

  /// Reads the segments ahead of the first scan.
  private static int jpegOrientation(ByteBuffer file) {
    for (int at = 2; at < file.limit() - 4 && file.get(at) == (byte) 0xff; ) {
      int marker = file.get(at + 1) & 0xff;
      int length = file.getShort(at + 2) & 0xffff;
      if (marker == 0xda || length < 2 || at + 2 + length > file.limit()) {
        return UPRIGHT;
      }
      if (marker == 0xe1 && startsWith(file.array(), at + 4, latin1("Exif\0\0"))) {
        return exifOrientation(file.slice(at + 10, length - 8));
      }
      at += 2 + length;
    }
    return UPRIGHT;
  }

  private static int exifOrientation(ByteBuffer exif) {
    if (exif.limit() < 14) {
      return UPRIGHT;
    }
    exif.order(exif.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = exif.getInt(4);
    if (directory < 8 || directory > exif.limit() - 2) {
      return UPRIGHT;
    }
    int entries = exif.getShort(directory) & 0xffff;
    for (int i = 0, at = directory + 2; i < entries && at <= exif.limit() - 12; i++, at += 12) {
      int value = exif.getShort(at + 8);
      if ((exif.getShort(at) & 0xffff) == EXIF_ORIENTATION && exif.getShort(at + 2) == EXIF_SHORT) {
        return value >= 1 && value <= 8 ? value : UPRIGHT;
      }
    }
    return UPRIGHT;
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static boolean startsWith(byte[] file, int from, byte[] prefix) {
    return file.length >= from + prefix.length
        && Arrays.equals(file, from, from + prefix.length, prefix, 0, prefix.length);
  }
}
