package ticketing.ingress.entrypass;

import java.time.Instant;

/// Entry pass of a confirmed reservation.
///
/// @param pass signed claims (RFC 7515, ES256)
/// @param expiresAt one day after the begin of the show
/// @param qrCode QR code of `pass`
record EntryPass(long reservationId, String pass, Instant expiresAt, QrCode qrCode) {

  /// QR code without its margin of 4 modules.
  ///
  /// @param size modules of one side
  /// @param path SVG path of the dark modules, one unit each
  record QrCode(int size, String path) {

    static QrCode of(String text) {
      io.nayuki.qrcodegen.QrCode code =
          io.nayuki.qrcodegen.QrCode.encodeText(text, io.nayuki.qrcodegen.QrCode.Ecc.LOW);
      StringBuilder path = new StringBuilder();
      for (int y = 0; y < code.size; y++) {
        for (int x = 0; x < code.size; x++) {
          int start = x;
          while (code.getModule(x, y)) {
            x++;
          }
          if (x > start) {
            path.append("M%d %dh%dv1H%dz".formatted(start, y, x - start, start));
          }
        }
      }
      return new QrCode(code.size, path.toString());
    }
  }
}
