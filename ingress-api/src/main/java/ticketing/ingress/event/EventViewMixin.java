package ticketing.ingress.event;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import org.springframework.boot.jackson.JacksonMixin;
import ticketing.domain.EventView;

/// Public JSON of an event: without the version, which only orders cached copies.
@JacksonMixin(EventView.class)
@JsonIgnoreProperties("version")
interface EventViewMixin {}
