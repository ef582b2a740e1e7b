package ticketing.ingress.information;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventView;

/// Public JSON of an event in a list, without long texts.
///
/// @param minimumAge years
/// @param posterUrl path of the image, which never changes
public record ListedEvent(
    @JsonUnwrapped EventView event,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Integer runningMinutes,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Integer minimumAge,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String posterUrl) {}
