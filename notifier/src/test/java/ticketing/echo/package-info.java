/// What a socket costs where nothing is done with it: the baseline of the notifier's benchmark.
package ticketing.echo;
