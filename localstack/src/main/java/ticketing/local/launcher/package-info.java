/// The launcher behind `mvn -Prun`: settings, start, startup message and stop of the local system.
package ticketing.local.launcher;
