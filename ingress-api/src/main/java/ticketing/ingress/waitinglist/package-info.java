/// Waiting lists: joining, leaving and the entries of a user.
package ticketing.ingress.waitinglist;
