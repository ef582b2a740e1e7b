/// Check of the relative links between Markdown files.
package ticketing.checks.links;
