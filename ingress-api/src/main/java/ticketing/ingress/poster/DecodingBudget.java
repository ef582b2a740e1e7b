package ticketing.ingress.poster;

import com.sun.management.ThreadMXBean;
import java.awt.Point;
import java.awt.image.DataBuffer;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import javax.imageio.IIOException;
import javax.imageio.stream.ImageInputStreamImpl;

/// Limits of processor time and memory of a decoder. The decoder runs on the platform thread that
/// created the budget.
///
/// A decoder cannot be interrupted. So the streams and rasters of the budget, which it uses in its
/// loops, throw after the limit. Processor time is independent of the load of the machine.
final class DecodingBudget {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /// Operations between two checks, as a mask.
  private static final int CHECK_MASK = 0x3ff;

  /// Decoders read a few bytes behind the end. More reads show a truncated file, of which some
  /// decoders read the missing bytes as zeros, with an exception for each.
  private static final int MAX_READS_AT_END = 1_000;

  private final long maxTime;
  private final long maxBytes;
  private final long startTime = THREADS.getCurrentThreadCpuTime();
  private final long startBytes = THREADS.getCurrentThreadAllocatedBytes();
  private int operations;

  /// @param maxTime processor time
  /// @param maxBytes allocated bytes, with those that are garbage meanwhile
  DecodingBudget(Duration maxTime, long maxBytes) {
    this.maxTime = maxTime.toNanos();
    this.maxBytes = maxBytes;
  }

  /// The decoder exceeded its budget.
  static final class ExceededException extends RuntimeException {}

  private void requireRest() {
    operations++;
    if ((operations & CHECK_MASK) == 0
        && (THREADS.getCurrentThreadCpuTime() - startTime > maxTime
            || THREADS.getCurrentThreadAllocatedBytes() - startBytes > maxBytes)) {
      throw new ExceededException();
    }
  }

  Stream stream(byte[] file) {
    return new Stream(file);
  }

  /// Raster with red, green, blue and alpha of 8 bits each.
  WritableRaster raster(int width, int height) {
    return new Raster(width, height);
  }

  final class Stream extends ImageInputStreamImpl {

    private final byte[] file;
    private int readsAtEnd;

    private Stream(byte[] file) {
      this.file = file;
    }

    private boolean isAtEnd() throws IOException {
      checkClosed();
      requireRest();
      bitOffset = 0;
      if (streamPos < file.length) {
        return false;
      }
      readsAtEnd++;
      if (readsAtEnd > MAX_READS_AT_END) {
        throw new IIOException("truncated file");
      }
      return true;
    }

    @Override
    public int read() throws IOException {
      return isAtEnd() ? -1 : file[(int) streamPos++] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (isAtEnd()) {
        return -1;
      }
      int count = (int) Math.min(length, file.length - streamPos);
      System.arraycopy(file, (int) streamPos, bytes, offset, count);
      streamPos += count;
      return count;
    }

    @Override
    public long length() {
      return file.length;
    }
  }

  private final class Raster extends WritableRaster {

    private Raster(int width, int height) {
      super(
          new PixelInterleavedSampleModel(
              DataBuffer.TYPE_BYTE, width, height, 4, 4 * width, new int[] {0, 1, 2, 3}),
          new Point());
    }

    @Override
    public void setDataElements(int x, int y, Object pixel) {
      requireRest();
      super.setDataElements(x, y, pixel);
    }
  }
}
