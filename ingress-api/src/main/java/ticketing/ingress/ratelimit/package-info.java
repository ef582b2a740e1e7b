/// Rate limits of users and addresses: filters, token buckets in Redis, settings and meters.
package ticketing.ingress.ratelimit;
