/// Tests of the whole system as processes that are killed, stopped and disconnected.
package ticketing.systemtest;
