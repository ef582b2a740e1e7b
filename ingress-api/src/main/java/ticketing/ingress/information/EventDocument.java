package ticketing.ingress.information;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import ticketing.domain.EventView;

/// Public JSON of one event: the properties of the event and of its information.
public record EventDocument(
    @JsonUnwrapped EventView event, @JsonUnwrapped InformationView information) {}
