package ticketing.ingress.reservation;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Public JSON of a reservation: without its owner.
@Configuration(proxyBeanMethods = false)
class ReservationJson {

  @Bean
  JsonMapperBuilderCustomizer reservationWithoutOwner() {
    return builder -> builder.addMixIn(ReservationView.class, WithoutOwner.class);
  }

  @JsonIgnoreProperties("userId")
  private interface WithoutOwner {}
}
