package ticketing.ingress.waitinglist;

import java.time.Instant;

/// Waiting entry of a user.
///
/// @param status always `WAITING`
/// @param position number of the entry among the waiting ones of its seat type, from 1
public record WaitingEntryView(
    long entryId,
    long eventId,
    String seatType,
    int quantity,
    Instant joinedAt,
    String status,
    long position) {}
