/// Changes that concern single users, from the process that makes them to their open connections.
package ticketing.userfeed;
