/// Tests of metrics, logs and traces against the documentation.
package ticketing.systemtest.observability;
