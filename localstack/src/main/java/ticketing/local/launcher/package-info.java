/// The whole system on one machine: the launcher behind `mvn -Prun`, the on-sale behind `mvn
/// -Pdemo`, and the harness the end-to-end tests stand on. Speaks to the applications only as
/// strangers do: HTTP, WebSocket, signals; and looks into the database to check what they claim.
package ticketing.local.launcher;
