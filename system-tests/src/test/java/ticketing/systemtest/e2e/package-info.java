/// Tests of the whole system: booking, stop, scaling, launcher and the clients of the
/// documentation.
package ticketing.systemtest.e2e;
