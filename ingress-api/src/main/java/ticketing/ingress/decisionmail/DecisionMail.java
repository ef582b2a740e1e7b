package ticketing.ingress.decisionmail;

import static java.util.stream.Collectors.joining;

import java.net.URI;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventView;
import ticketing.ingress.mail.Mail;

/// Text of a mail about a decision or a changed event, in English and Korean. Times are those of
/// the venue.
final class DecisionMail {

  /// Subject of a mail.
  enum Kind {
    BOOKED("Booked", "예매 완료", "Your booking is confirmed.", "예매가 확정되었습니다."),
    HELD(
        "Seats held",
        "좌석 임시 확보",
        "Your seats are held until %s. Confirm them by then.",
        "%s까지 좌석이 확보되었습니다. 그때까지 예매를 확정하세요."),
    EXPIRED(
        "Seats released",
        "좌석 확보 만료",
        "The time to confirm your seats is over. The seats are on sale again.",
        "확정 기한이 지나 좌석이 다시 판매됩니다."),
    OFFERED(
        "Seats for you",
        "대기자 좌석 제안",
        "Seats are free for you until %s. Confirm them by then.",
        "%s까지 좌석을 받을 수 있습니다. 그때까지 예매를 확정하세요."),
    EVENT_MOVED(
        "Date or venue changed",
        "일정 또는 장소 변경",
        "The date or the venue of this event has changed.",
        "공연 일정 또는 장소가 변경되었습니다."),
    EVENT_CANCELLED("Event cancelled", "공연 취소", "This event is cancelled.", "공연이 취소되었습니다.");

    private final String subject;
    private final String koreanSubject;
    private final String text;
    private final String koreanText;

    Kind(String subject, String koreanSubject, String text, String koreanText) {
      this.subject = subject;
      this.koreanSubject = koreanSubject;
      this.text = text;
      this.koreanText = koreanText;
    }
  }

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT);
  private static final DateTimeFormatter ZONE = DateTimeFormatter.ofPattern("zzzz", Locale.ENGLISH);
  private static final DateTimeFormatter KOREAN_ZONE = ZONE.withLocale(Locale.KOREAN);

  private DecisionMail() {}

  /// Returns the mail about a reservation; empty if it is outdated, because a hold has ended.
  static Optional<Mail> of(
      Kind kind, EventView event, MailCursorRepository.Seats seats, URI page, Instant now) {
    boolean isOutdated =
        switch (kind) {
          case HELD, OFFERED -> !isHeld(seats, now);
          case BOOKED -> !seats.getStatus().equals("CONFIRMED");
          case EXPIRED -> !seats.getStatus().equals("EXPIRED");
          case EVENT_MOVED, EVENT_CANCELLED -> false;
        };
    if (isOutdated) {
      return Optional.empty();
    }
    StringBuilder details = new StringBuilder();
    String seatType = seats.getSeatType();
    details.append(seatType == null ? "" : seatType + " ");
    details.append("x ").append(seats.getQuantity()).append('\n');
    if (seats.getSeats() != null) {
      details.append(seats.getSeats().replace(",", ", ")).append('\n');
    }
    if (seats.getTotalPrice() != null) {
      details.append(seats.getTotalPrice().toPlainString()).append('\n');
    }
    return Optional.of(
        mail(kind, event, seats.getEmail(), details.toString(), seats.getExpiresAt(), page));
  }

  private static boolean isHeld(MailCursorRepository.Seats seats, Instant now) {
    Instant end = seats.getExpiresAt();
    return seats.getStatus().equals("HELD") && (end == null || end.isAfter(now));
  }

  /// Returns the mail about a changed event.
  static Mail of(Kind kind, EventView event, String email, URI page) {
    return mail(kind, event, email, "", null, page);
  }

  private static Mail mail(
      Kind kind,
      EventView event,
      String email,
      String details,
      @Nullable Instant expiresAt,
      URI page) {
    boolean isEndless = expiresAt == null && (kind == Kind.HELD || kind == Kind.OFFERED);
    String end = expiresAt == null ? "" : time(expiresAt, event, ZONE);
    String koreanEnd = expiresAt == null ? "" : time(expiresAt, event, KOREAN_ZONE);
    return new Mail(
        email,
        "%s: %s / %s".formatted(kind.subject, event.eventName(), kind.koreanSubject),
        """
        %s
        %s

        %s
        %s
        %s
        %s
        %s
        """
            .formatted(
                isEndless ? "Confirm your seats." : kind.text.formatted(end),
                isEndless ? "예매를 확정하세요." : kind.koreanText.formatted(koreanEnd),
                event.eventName(),
                time(event.eventDate(), event, ZONE, KOREAN_ZONE),
                venue(event),
                details,
                page.resolve("/events/" + event.eventId())),
        false);
  }

  private static String venue(EventView event) {
    String name = event.venueName() == null ? "" : event.venueName();
    return event.venueAddress() == null ? name : name + ", " + event.venueAddress();
  }

  /// @param zones formats of the name of the time zone
  private static String time(Instant time, EventView event, DateTimeFormatter... zones) {
    ZonedDateTime local = ZonedDateTime.ofInstant(time, ZoneId.of(event.timeZone()));
    return Stream.of(zones)
        .map(local::format)
        .collect(joining(" / ", local.format(TIME) + " (", ")"));
  }
}
