/// Acceptance of commands: idempotency keys, limit of the backlog, revocation and batches to SQS.
package ticketing.ingress.command;
