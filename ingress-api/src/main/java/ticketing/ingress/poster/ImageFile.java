package ticketing.ingress.poster;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// Format and orientation of an uploaded image, by its first bytes.
///
/// The orientation is read here, so that the readers of images need no metadata, which may contain
/// compressed texts of any length.
///
/// @param format name of the format for `ImageIO`
/// @param orientation orientation of Exif, 1 to 8. A camera stores an image as its sensor has it
record ImageFile(String format, int orientation) {

  private static final byte[] PNG_HEAD = latin1("\u0089PNG\r\n\032\n");
  private static final int EXIF_ORIENTATION = 0x112;
  private static final int EXIF_SHORT = 3;
  private static final int UPRIGHT = 1;

  /// Ignores the declared type. Empty for another format.
  static Optional<ImageFile> parse(byte[] file) {
    if (startsWith(file, 0, latin1("\u00ff\u00d8\u00ff"))) {
      return Optional.of(new ImageFile("jpeg", jpegOrientation(ByteBuffer.wrap(file))));
    }
    if (startsWith(file, 0, PNG_HEAD)) {
      return Optional.of(new ImageFile("png", UPRIGHT));
    }
    return startsWith(file, 0, latin1("RIFF")) && startsWith(file, 8, latin1("WEBP"))
        ? Optional.of(new ImageFile("webp", UPRIGHT))
        : Optional.empty();
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
