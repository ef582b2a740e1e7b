/// Model of an on-sale on AWS: backlog and workers under the scaling policy, without any
/// measurement.
package ticketing.benchmark.model;
