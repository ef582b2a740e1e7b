/// `/ws/me`: changes that concern the user of a connection.
package ticketing.notifier.user;
