/// JUnit extension that skips tests which need a missing Docker engine.
package ticketing.local.servers.junit;
