/// Load of an open model: requests at fixed times, whether or not the earlier ones have answers.
package ticketing.benchmark.open;
