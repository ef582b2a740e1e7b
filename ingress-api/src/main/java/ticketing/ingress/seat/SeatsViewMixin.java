package ticketing.ingress.seat;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import org.springframework.boot.jackson.JacksonMixin;
import ticketing.domain.seatmap.SeatsView;

/// Public JSON of the bitmaps: without the version, which only orders publications.
@JacksonMixin(SeatsView.class)
@JsonIgnoreProperties("version")
interface SeatsViewMixin {}
