/// The committed OpenAPI document, served as YAML and JSON, and Swagger UI for it.
package ticketing.ingress.openapi;
