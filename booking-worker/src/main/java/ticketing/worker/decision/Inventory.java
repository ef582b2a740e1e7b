package ticketing.worker.decision;

import java.util.Map;
import java.util.Optional;
import ticketing.domain.EventView;

/// All that a group of commands for one event is decided on, read under the row lock.
///
/// @param event empty if there is no such event
/// @param seatsOfUser seats that a user has (held or confirmed); complete for every user with a
///   booking in the group if the event has a limit, else empty
/// @param reservations those that the group's commands name, by id
public record Inventory(
    Optional<EventView> event,
    Map<String, Integer> seatsOfUser,
    Map<Long, Reservation> reservations) {}
