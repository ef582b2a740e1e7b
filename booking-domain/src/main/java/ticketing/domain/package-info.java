/// The language the three processes speak: commands on the queue, tickets on the board, events for
/// sale, access tokens, and the schema. It decides nothing; deciding lives in the worker alone.
package ticketing.domain;
