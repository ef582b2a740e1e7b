package ticketing.ingress.poster;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/// An uploaded image without the parts that are not needed to decode its pixels.
///
/// The readers of images allocate arrays of the lengths that a file states, and decompress texts.
/// Here, lengths are compared with the size of the file, and metadata is left out.
///
/// @param format name of the format for `ImageIO`
/// @param orientation orientation of Exif, 1 to 8. A camera stores an image as its sensor has it
record ImageFile(String format, byte[] content, int orientation) {

  private static final byte[] PNG_HEAD = latin1("\u0089PNG\r\n\032\n");
  private static final Set<String> PNG_CHUNKS = Set.of("IHDR", "PLTE", "tRNS", "IDAT", "IEND");
  private static final Set<String> WEBP_CHUNKS = Set.of("VP8X", "ALPH", "VP8 ", "VP8L");

  /// Flags of `VP8X` for a colour profile, Exif, XMP and an animation.
  private static final int WEBP_EXTRAS = 0x20 | 0x08 | 0x04 | 0x02;

  private static final int EXIF_ORIENTATION = 0x112;
  private static final int EXIF_SHORT = 3;
  private static final int UPRIGHT = 1;

  /// Returns the image by its first bytes, whatever its declared type is; empty for another format.
  ///
  /// @throws IllegalArgumentException if the structure of the file is invalid
  static Optional<ImageFile> parse(byte[] file) {
    try {
      if (startsWith(file, 0, latin1("\u00ff\u00d8\u00ff"))) {
        return Optional.of(new ImageFile("jpeg", file, jpegOrientation(ByteBuffer.wrap(file))));
      }
      if (startsWith(file, 0, PNG_HEAD)) {
        return Optional.of(new ImageFile("png", png(file), UPRIGHT));
      }
      if (startsWith(file, 0, latin1("RIFF")) && startsWith(file, 8, latin1("WEBP"))) {
        return Optional.of(new ImageFile("webp", webp(file), UPRIGHT));
      }
      return Optional.empty();
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("the file ends in a part", e);
    }
  }

  private static byte[] png(byte[] file) {
    ByteArrayOutputStream kept = new ByteArrayOutputStream(file.length);
    kept.writeBytes(PNG_HEAD);
    String name = "";
    for (int at = PNG_HEAD.length; !name.equals("IEND"); ) {
      int length = ByteBuffer.wrap(file).getInt(at);
      name = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
      if (length < 0 || length > file.length - at - 12) {
        throw new IllegalArgumentException("invalid length of " + name);
      }
      if (PNG_CHUNKS.contains(name)) {
        kept.write(file, at, length + 12);
      }
      at += length + 12;
    }
    return kept.toByteArray();
  }

  private static byte[] webp(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer kept = ByteBuffer.allocate(file.length + 1).order(ByteOrder.LITTLE_ENDIAN);
    kept.put(file, 0, 12);
    for (int at = 12; at <= file.length - 8; ) {
      String name = new String(file, at, 4, StandardCharsets.ISO_8859_1);
      int length = in.getInt(at + 4);
      if (length < 0 || length > file.length - at - 8) {
        throw new IllegalArgumentException("invalid length of " + name);
      }
      if (WEBP_CHUNKS.contains(name)) {
        int flags = kept.position() + 8;
        kept.put(file, at, length + 8);
        if (name.equals("VP8X")) {
          kept.put(flags, (byte) (kept.get(flags) & ~WEBP_EXTRAS));
        }
        if (length % 2 == 1) {
          kept.put((byte) 0);
        }
      }
      at += length + 8 + length % 2;
    }
    kept.putInt(4, kept.position() - 8);
    return Arrays.copyOf(kept.array(), kept.position());
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
