package ticketing.local.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import ticketing.domain.seatmap.SeatMap;

class DemoHallTest {

  @Test
  void hallHasTenThousandSeatsWithDistinctRanks() {
    SeatMap hall = DemoHall.create();
    assertThat(hall.seatCount()).isEqualTo(10_000);
    assertThat(hall.sections()).hasSize(13);
    assertThat(hall.countByType())
        .isEqualTo(Map.of("VIP", 720, "R", 3_480, "S", 3_600, "A", 2_200));
    assertThat(
            java.util.stream.IntStream.range(0, hall.seatCount())
                .map(hall::rank)
                .distinct()
                .count())
        .isEqualTo(10_000);
  }
}
