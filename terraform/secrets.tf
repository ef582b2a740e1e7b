# RDS stores and rotates the database's password (database.tf).

locals {
  written_secrets = {
    redis = { description = "Token that clients of the cache present", version = var.cache_token_version }
    # Ticket ids remain valid when the signing key is rotated, or when an OpenID Connect issuer replaces it.
    ticket-key = { description = "Key that authenticates ticket ids (HMAC-SHA-256)", version = var.ticket_key_version }
  }
}

resource "aws_secretsmanager_secret" "written" {
  #checkov:skip=CKV_AWS_149:Encrypted with the AWS managed key
  #checkov:skip=CKV2_AWS_57:A rotation requires new instances or an empty queue, see the how-to page

  for_each = local.written_secrets

  name        = "${local.name}/${each.key}"
  description = each.value.description
}

# The values are ephemeral variables in write-only arguments, so no plan and no state contains one. The provider writes
# a value when its version changes.
resource "aws_secretsmanager_secret_version" "written" {
  for_each = local.written_secrets

  secret_id                = aws_secretsmanager_secret.written[each.key].id
  secret_string_wo         = each.key == "redis" ? var.cache_token : var.ticket_key
  secret_string_wo_version = each.value.version
}

moved {
  from = aws_secretsmanager_secret.redis
  to   = aws_secretsmanager_secret.written["redis"]
}

moved {
  from = aws_secretsmanager_secret_version.redis
  to   = aws_secretsmanager_secret_version.written["redis"]
}

moved {
  from = aws_secretsmanager_secret.ticket_key
  to   = aws_secretsmanager_secret.written["ticket-key"]
}

moved {
  from = aws_secretsmanager_secret_version.ticket_key
  to   = aws_secretsmanager_secret_version.written["ticket-key"]
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
