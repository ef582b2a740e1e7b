/// Browser tests of the pages with Chromium against the running system.
package ticketing.webtest;
