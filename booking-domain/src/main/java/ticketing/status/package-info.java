/// Redis copies of ticket states and events, and the channels on which their changes are published.
package ticketing.status;
