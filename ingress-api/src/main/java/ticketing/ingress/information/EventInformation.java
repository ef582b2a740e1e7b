package ticketing.ingress.information;

import org.jspecify.annotations.Nullable;

/// Information about an event that is not needed to book it. A null is an absent value.
///
/// @param description Markdown
/// @param minimumAge years
/// @param refundRule plain text
/// @param posterRevision revision of the image in the poster store
public record EventInformation(
    @Nullable String description,
    @Nullable Integer runningMinutes,
    @Nullable Integer minimumAge,
    @Nullable String refundRule,
    @Nullable String posterRevision) {

  static final EventInformation NONE = new EventInformation(null, null, null, null, null);

  EventInformation withPosterRevision(@Nullable String revision) {
    return new EventInformation(description, runningMinutes, minimumAge, refundRule, revision);
  }

  /// Path of the poster of an event.
  static @Nullable String posterUrl(long eventId, @Nullable String revision) {
    return revision == null ? null : "/api/v1/events/" + eventId + "/poster?revision=" + revision;
  }
}
