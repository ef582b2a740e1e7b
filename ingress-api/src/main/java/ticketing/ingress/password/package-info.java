/// Hashes of passwords, and the refusal of weak passwords.
package ticketing.ingress.password;
