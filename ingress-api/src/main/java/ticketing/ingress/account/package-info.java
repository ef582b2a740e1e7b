/// Accounts with a password: sign-up, sign-in, sign-out and the account of the authenticated user.
package ticketing.ingress.account;
