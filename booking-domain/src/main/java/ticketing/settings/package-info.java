/// Checks of the environment of a process at its start.
package ticketing.settings;
