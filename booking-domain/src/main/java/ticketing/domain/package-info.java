/// Commands, tickets, events and money: the types that all processes exchange.
package ticketing.domain;
