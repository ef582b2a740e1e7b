/// WebSocket handshake: authentication by access token, and the upgrade in Tomcat.
package ticketing.notifier.handshake;
