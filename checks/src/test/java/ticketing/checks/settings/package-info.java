/// Settings reference, generated from the settings records and `application.yaml`.
package ticketing.checks.settings;
