# Bucket of the posters.

mock_provider "aws" { source = "./tests/mocks" }

override_resource {
  target = aws_secretsmanager_secret.access_key[0]
  values = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/access-signing-key-AbCdEf" }
}

run "bucket_is_private_and_encrypted" {
  assert {
    condition     = aws_s3_bucket.posters.bucket == "ticketing-posters-123456789012-ap-northeast-2"
    error_message = "The name contains the account and the region."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.posters.block_public_acls,
      aws_s3_bucket_public_access_block.posters.block_public_policy,
      aws_s3_bucket_public_access_block.posters.ignore_public_acls,
      aws_s3_bucket_public_access_block.posters.restrict_public_buckets,
    ])
    error_message = "No object of the bucket is public."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.posters.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Objects are encrypted."
  }

  assert {
    condition     = aws_s3_bucket_versioning.posters.versioning_configuration[0].status == "Enabled" && aws_s3_bucket_lifecycle_configuration.posters.rule[0].noncurrent_version_expiration[0].noncurrent_days == 30
    error_message = "Deleted posters can be restored for 30 days."
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.posters.policy).Statement[0].Effect == "Deny" && jsondecode(aws_s3_bucket_policy.posters.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"
    error_message = "Connections are encrypted."
  }
}
