/// Prose rules of comments, Markdown and test names, with their limits.
package ticketing.checks.prose;
