/// The pages as people use them: real Chromium, real processes, and nothing in between.
package ticketing.webtest;
