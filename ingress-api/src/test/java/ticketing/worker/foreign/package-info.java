/// Stands for a package of the worker.
package ticketing.worker.foreign;
