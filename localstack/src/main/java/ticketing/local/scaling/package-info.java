/// Scaling of booking workers on the backlog, in place of the scaling policies on AWS.
package ticketing.local.scaling;
