/// Events with watching connections, and the delivery of their newest state at a limited rate.
package ticketing.notifier.watch;
