package ticketing.benchmark.peer;

import java.util.Optional;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/// Endpoints `POST /row-lock` and `POST /redisson-lock`.
@RestController
class PeerController {

  private final PeerService service;

  PeerController(PeerService service) {
    this.service = service;
  }

  record Request(long eventId, String seatType, int quantity) {}

  record Response(long bookingId) {}

  @PostMapping("/row-lock")
  ResponseEntity<Response> rowLock(@RequestBody Request request) {
    return response(service.bookWithRowLock(request.eventId(), request.quantity()));
  }

  @PostMapping("/redisson-lock")
  ResponseEntity<Response> redissonLock(@RequestBody Request request) throws InterruptedException {
    return response(service.bookWithRedissonLock(request.eventId(), request.quantity()));
  }

  private static ResponseEntity<Response> response(Optional<Long> booking) {
    return booking
        .map(id -> ResponseEntity.status(HttpStatus.CREATED).body(new Response(id)))
        .orElseGet(() -> ResponseEntity.status(HttpStatus.CONFLICT).build());
  }
}
