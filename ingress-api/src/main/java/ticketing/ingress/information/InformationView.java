package ticketing.ingress.information;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/// Properties that the information adds to the JSON of an event.
///
/// @param descriptionHtml description as safe HTML
/// @param posterUrl path of the image, which never changes
/// @param posterRevision revision of the image, part of its path
@JsonInclude(JsonInclude.Include.NON_NULL)
public record InformationView(
    @Nullable String description,
    @Nullable String descriptionHtml,
    @Nullable Integer runningMinutes,
    @Nullable Integer minimumAge,
    @Nullable String refundRule,
    @Nullable String posterUrl,
    @JsonIgnore @Nullable String posterRevision) {

  static InformationView of(long eventId, EventInformation information) {
    return new InformationView(
        information.description(),
        information.description() == null ? null : MarkdownRenderer.html(information.description()),
        information.runningMinutes(),
        information.minimumAge(),
        information.refundRule(),
        EventInformation.posterUrl(eventId, information.posterRevision()),
        information.posterRevision());
  }

  /// Number of characters of the texts.
  int length() {
    return length(description) + length(descriptionHtml) + length(refundRule);
  }

  private static int length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }
}
