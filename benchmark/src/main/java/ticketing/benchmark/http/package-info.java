/// HTTP load benchmark of the whole system, with Gatling.
package ticketing.benchmark.http;
