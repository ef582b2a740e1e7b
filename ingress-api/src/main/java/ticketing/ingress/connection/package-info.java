/// Client connections in Tomcat: deadlines of requests, and requests without a thread.
@org.jspecify.annotations.NullMarked
package ticketing.ingress.connection;
