package ticketing.simulation.loader;

import static ticketing.simulation.loader.Mutation.EMPTY;
import static ticketing.simulation.loader.Mutation.FALSE;
import static ticketing.simulation.loader.Mutation.NOTHING;
import static ticketing.simulation.loader.Mutation.NULL;
import static ticketing.simulation.loader.Mutation.RECEIVER;
import static ticketing.simulation.loader.Mutation.TRUE;
import static ticketing.simulation.loader.Mutation.prepend;
import static ticketing.simulation.loader.Mutation.replaceBody;
import static ticketing.simulation.loader.Mutation.replaceCall;
import static ticketing.simulation.loader.Mutation.replaceScript;
import static ticketing.simulation.loader.Mutation.replaceText;

import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// The production code without one of its protections. The main code contains no switch.
public enum Mutant {
  DECISION_REPLACED(
      "The ticket id is the primary key of the decision.",
      replaceCall(Names.PIPELINE + "BoxOffice", "decide", "findDecisions", EMPTY),
      replaceText(
          Names.STORE + "TicketTable",
          "?, ?, ?, ?)",
          "?, ?, ?, ?) ON DUPLICATE KEY UPDATE decision = VALUES(decision), reason ="
              + " VALUES(reason), reservation_id = VALUES(reservation_id), sequence ="
              + " VALUES(sequence)")),
  NO_ROW_LOCK(
      "Each decision holds the row lock of its event.",
      replaceText(Names.STORE + "EventTable", "FOR UPDATE", ""),
      replaceText(Names.STORE + "EventTable", " SKIP LOCKED", "")),
  NO_SECOND_LOOK_UP(
      "A batch with a duplicate is repeated with the look-up.",
      replaceCall(Names.PIPELINE + "BoxOffice", "decide", "findDecisions", EMPTY)),
  ACKNOWLEDGED_FIRST(
      "A message is deleted last, after the publication of its decision.",
      prepend(
          Names.PIPELINE + "CommandListener",
          "decideTogether",
          (code, type) -> {
            ClassDesc result = ClassDesc.of("ticketing.worker.queue.Delivery$CommandResult");
            code.aload(0)
                .aload(3)
                .getstatic(result, "PUBLISHED", result)
                .invokevirtual(
                    ClassDesc.of(Names.PIPELINE + "CommandListener"),
                    "finish",
                    MethodTypeDesc.ofDescriptor(
                        "(Ljava/util/List;" + result.descriptorString() + ")V"));
          })),
  UNDECIDED_ACKNOWLEDGED(
      "A message without decision is released.",
      replaceBody("ticketing.worker.queue.Delivery", "isAcknowledgeable", TRUE)),
  NO_RETRY(
      "A batch is retried while the database rejects it.",
      replaceBody(Names.PIPELINE + "CommandListener", "mayRetry", FALSE)),
  GROUP_LOSES_BATCHES(
      "A batch that a group leaves out is decided alone.",
      replaceCall(Names.PIPELINE + "CommandListener", "decideGroup", "restore", NOTHING)),
  REVOCATION_IGNORED(
      "A revoked command has no effect.",
      replaceBody(Names.STORE + "RevokedCommandTable", "find", EMPTY)),
  REVOCATION_NOT_MARKED(
      "A revocation marks its event.",
      replaceCall(Names.COMMAND + "CommandRevoker", "revokeUndecided", "markEvent", NOTHING)),
  DOUBT_AS_REFUSAL(
      "A command in doubt is revoked before its request is refused.",
      replaceCall(Names.COMMAND + "SqsCommandSender", "failed", "isRefusal", TRUE)),
  FAILED_ENTRY_ACCEPTED(
      "A request is accepted only if the queue confirms its message.",
      replaceCall(Names.COMMAND + "SqsCommandSender", "result", "anyMatch", TRUE)),
  SOLD_OUT_IGNORED(
      "A booking needs free seats.",
      replaceCall(
          Names.DECISION + "BookingDecider",
          "book",
          "availableSeats",
          new Mutation.Value.Constant(1_000))),
  USER_LIMIT_IGNORED(
      "A user gets at most the seats of the limit.",
      replaceBody(Names.DECISION + "BookingDecider", "exceedsLimit", FALSE)),
  SEATS_FREED_TWICE(
      "A cancellation frees its seats once.",
      replaceCall(
          Names.DECISION + "BookingDecider",
          "cancel",
          "status",
          new Mutation.Value.OfEnum("CONFIRMED"))),
  SEATS_SOLD_TWICE(
      "A numbered seat has at most one reservation.",
      replaceCall(Names.SEAT_MAP + "SeatAllocator", "take", "SeatBitmap.get", TRUE)),
  OFFERS_NOT_MADE(
      "A waiting party gets an offer as soon as its seats are free.",
      replaceBody(Names.DECISION + "BookingDecider", "isOpenForOffers", FALSE)),
  JOINED_TWICE(
      "A user waits at most one time for an event.",
      replaceCall(Names.DECISION + "BookingDecider", "join", "Map.containsKey", FALSE)),
  NO_EXPIRY_JOB(
      "Holds of events without commands expire.",
      replaceBody("ticketing.worker.maintenance.HoldExpiry", "nextEvents", EMPTY)),
  CONFIRMATION_REFUSED(
      "A confirmation counts at its acceptance, not at its decision.",
      replaceCall(Names.DECISION + "BookingDecider", "confirmHold", "hasEndedAt", TRUE)),
  WINDOW_OF_DECISION(
      "The sale window counts at the acceptance.",
      replaceCall(Names.DECISION + "BookingDecider", "rejection", "Command.acceptedPrice", NULL)),
  PRICE_OF_DECISION(
      "The price counts at the acceptance.",
      replaceCall(Names.DECISION + "BookingDecider", "book", "BookSeats.price", NULL)),
  KNOWN_NOT_PUBLISHED(
      "The stored decision of a redelivered command is published.",
      replaceCall(Names.PIPELINE + "DecisionPublisher", "publish", "known", EMPTY),
      replaceBody("ticketing.worker.waiting.WaitingLineCheck", "publishDecided", EMPTY)),
  OUTAGE_NOT_REPUBLISHED(
      "Decisions of an outage of Redis are published after it.",
      replaceBody(Names.PIPELINE + "DecisionPublisher", "keep", NOTHING),
      replaceBody("ticketing.worker.waiting.WaitingLineCheck", "publishDecided", EMPTY)),
  REDRIVE_IGNORED(
      "A decision replaces `GAVE_UP` after a redrive.",
      replaceCall(Names.PIPELINE + "BoxOffice", "removeGivenUp", "findRedriven", EMPTY)),
  GIVEN_UP_WHILE_MOVING(
      "No ticket gets `GAVE_UP` within 10 s of its redrive.",
      replaceCall("ticketing.worker.maintenance.DeadLetterJob", "process", "findMoving", EMPTY)),
  DEAD_LETTER_NOT_RECORDED(
      "A dead letter is recorded after its ticket is decided.",
      replaceCall(
          "ticketing.worker.maintenance.DeadLetterJob", "process", "recordGivenUp", NOTHING)),
  DECIDED_REVOKED(
      "Only an undecided command is revoked.",
      replaceCall(
          Names.COMMAND + "CommandRevoker", "revokeUndecided", "TicketRepository.find", EMPTY)),
  REVOKED_WITHOUT_LOCK(
      "A revocation holds the row lock of its event.",
      replaceCall(Names.COMMAND + "CommandRevoker", "revokeUndecided", "lockEvent", EMPTY)),
  NO_LOW_WATER_MARK(
      "An undecided confirmation keeps its hold.",
      replaceCall(Names.PIPELINE + "BoxOffice", "dueUntil", "oldestConfirmation", EMPTY)),
  CONFIRMED_HOLD_EXPIRED(
      "A confirmed hold does not expire.",
      replaceCall(
          Names.DECISION + "BookingDecider",
          "expire",
          "status",
          new Mutation.Value.OfEnum("HELD"))),
  CONFIRMED_TOO_LATE(
      "A confirmation after the end of its hold has no effect.",
      replaceCall(Names.DECISION + "BookingDecider", "confirmHold", "hasEndedAt", FALSE),
      replaceCall(Names.COMMAND + "CommandAcceptor", "acceptFirst", "Instant.isBefore", TRUE)),
  VISIBILITY_NOT_EXTENDED(
      "The visibility timeout of a held message is extended.",
      replaceBody("ticketing.worker.queue.VisibilityExtender", "extendDue", NOTHING)),
  NO_CLOCK_CORRECTION(
      "Times follow the clock of the database.",
      replaceBody("ticketing.database.DatabaseClock", "apply", NOTHING)),
  OFFERS_NOT_SEARCHED(
      "Offers of events without commands are made.",
      replaceCall(
          "ticketing.worker.maintenance.HoldExpiry",
          "nextEvents",
          "findEventsWithDueOffers",
          EMPTY)),
  PRICE_OF_REPETITION(
      "A repeated request has the price of its first acceptance.",
      replaceCall(
          Names.COMMAND + "CommandAcceptor", "ofFirstTime", "BookSeats.withPrice", RECEIVER)),
  LEDGER_NOT_READ(
      "A repeated request reads the ledger.",
      replaceCall(Names.COMMAND + "CommandAcceptor", "findEarlier", "fingerprint", NULL)),
  FINAL_ENTRY_REPLACED(
      "A pending entry replaces no decision in the status store.",
      replaceScript(
          "if entry and (ARGV[3] == 'new' or not pending) then",
          "if entry and pending and ARGV[3] == 'new' then")),
  LEFT_PARTY_OFFERED(
      "A party that left gets no offer.",
      replaceCall(Names.DECISION + "BookingDecider", "leave", "WaitingQueue.remove", NOTHING)),
  OVERTAKEN_WITHOUT_END(
      "A waiting party is overtaken at most 10 times.",
      replaceCall(Names.DECISION + "WaitingQueue", "next", "keepsSeats", FALSE));

  /// Number of the mutant that runs; -1: none. The code of the mutants reads it.
  public static int active = -1;

  private final String protection;
  private final List<Mutation> mutations;
  private final Set<String> missingPlaces = ConcurrentHashMap.newKeySet();

  Mutant(String protection, Mutation... mutations) {
    this.protection = protection;
    this.mutations = List.of(mutations);
  }

  /// Sentence that the mutant violates.
  public String protection() {
    return protection;
  }

  /// Classes without the place of a mutation. A class is known after it is loaded: the seeds of the
  /// production code do not depend on the places.
  public Set<String> missingPlaces() {
    return missingPlaces;
  }

  /// Adds the code of all mutants to a class.
  static byte[] addAll(ClassFile classFile, String className, byte[] bytes) {
    byte[] changed = bytes;
    for (Mutant mutant : values()) {
      for (Mutation mutation : mutant.mutations) {
        if (mutation.className().equals(className)) {
          AtomicInteger places = new AtomicInteger();
          changed =
              classFile.transformClass(
                  classFile.parse(changed),
                  mutation.edit().transform(mutant.ordinal(), places::incrementAndGet));
          if (places.get() == 0) {
            mutant.missingPlaces.add(className);
          }
        }
      }
    }
    return changed;
  }

  private static final class Names {
    static final String STORE = "ticketing.worker.store.";
    static final String PIPELINE = "ticketing.worker.pipeline.";
    static final String DECISION = "ticketing.worker.decision.";
    static final String COMMAND = "ticketing.ingress.command.";
    static final String SEAT_MAP = "ticketing.domain.seatmap.";
  }
}
