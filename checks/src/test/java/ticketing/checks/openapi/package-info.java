/// Reference page of REST calls, generated from the OpenAPI document.
package ticketing.checks.openapi;
