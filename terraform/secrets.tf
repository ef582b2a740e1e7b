# RDS stores and rotates the database's password (database.tf).

resource "random_password" "redis" {
  length  = 64
  special = false
}

resource "aws_secretsmanager_secret" "redis" {
  #checkov:skip=CKV_AWS_149:Encrypted with the AWS managed key
  #checkov:skip=CKV2_AWS_57:A rotation requires new instances, see the how-to page

  name        = "${local.name}/redis"
  description = "Token that clients of the cache present"
}

resource "aws_secretsmanager_secret_version" "redis" {
  secret_id     = aws_secretsmanager_secret.redis.id
  secret_string = random_password.redis.result
}

locals {
  own_access_key        = var.access_key_secret_arn == null && var.access_issuer_uri == null
  access_key_secret_arn = local.own_access_key ? aws_secretsmanager_secret.access_key[0].arn : var.access_key_secret_arn
  # Settings of the services that verify access tokens: public keys, or an issuer.
  access_environment = var.access_issuer_uri == null ? { TICKETING_ACCESS_PUBLIC_KEYS = join(",", var.access_public_keys) } : {
    TICKETING_ACCESS_ISSUER_URI = var.access_issuer_uri
    TICKETING_ACCESS_AUDIENCE   = var.access_audience
  }
  # Only ingress-api can sign.
  signing_secrets = var.access_issuer_uri == null ? { TICKETING_ACCESS_SIGNING_KEY = local.access_key_secret_arn } : {}
  # Without a key, reservations have no entry pass.
  entry_pass_secrets     = var.entry_pass_key_secret_arn == null ? {} : { TICKETING_ENTRY_PASSES_KEY = var.entry_pass_key_secret_arn }
  entry_pass_environment = var.entry_pass_key_secret_arn == null ? {} : { TICKETING_ENTRY_PASSES_PUBLIC_KEYS = join(",", var.entry_pass_public_keys) }
}

# The private key of access tokens. An operator writes its value, so the state does not contain it. Each region has its
# own keys and accounts: a token or a ticket id of one region is refused in the other.

resource "aws_secretsmanager_secret" "access_key" {
  #checkov:skip=CKV2_AWS_57:A rotation requires two valid keys, see the how-to page

  count = local.own_access_key ? 1 : 0

  name        = "${local.name}/access-signing-key"
  description = "Private key that signs access tokens (RS256)"
}

# Ticket ids remain valid when the signing key is rotated, or when an OpenID Connect issuer replaces it.

resource "random_password" "ticket_key" {
  length  = 64
  special = false
}

resource "aws_secretsmanager_secret" "ticket_key" {
  #checkov:skip=CKV_AWS_149:Encrypted with the AWS managed key
  #checkov:skip=CKV2_AWS_57:A new key invalidates undecided tickets, see the how-to page

  name        = "${local.name}/ticket-key"
  description = "Key that authenticates ticket ids (HMAC-SHA-256)"
}

resource "aws_secretsmanager_secret_version" "ticket_key" {
  secret_id     = aws_secretsmanager_secret.ticket_key.id
  secret_string = random_password.ticket_key.result
}
