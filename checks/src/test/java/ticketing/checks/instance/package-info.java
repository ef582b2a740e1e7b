/// Behaviour of the scripts on an instance, with stubs of the commands that they call.
package ticketing.checks.instance;
