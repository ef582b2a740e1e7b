/// Processing of commands: receive, batch, decide, publish, acknowledge.
package ticketing.worker.pipeline;
