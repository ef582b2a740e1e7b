# Images of the posters of events. ingress-api is the only reader and writer, and serves them to clients.

resource "aws_s3_bucket" "posters" {
  #checkov:skip=CKV_AWS_18:The audit log has each change, and access logs of the load balancer have each read
  #checkov:skip=CKV_AWS_144:A lost poster is uploaded again; the page shows a generated one meanwhile
  #checkov:skip=CKV_AWS_145:Encrypted with the key of S3; posters are public, and a customer key costs more
  #checkov:skip=CKV2_AWS_62:No service acts on a new object

  # Names of buckets are global.
  bucket = "${local.name}-posters-${local.account}-${var.region}"
}

resource "aws_s3_bucket_public_access_block" "posters" {
  bucket                  = aws_s3_bucket.posters.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "posters" {
  bucket = aws_s3_bucket.posters.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "posters" {
  bucket = aws_s3_bucket.posters.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "posters" {
  bucket = aws_s3_bucket.posters.id

  rule {
    # A deleted poster can be restored for 30 days.
    id     = "delete-old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    expiration {
      expired_object_delete_marker = true
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.posters]
}

resource "aws_s3_bucket_policy" "posters" {
  bucket = aws_s3_bucket.posters.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefuseUnencryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.posters.arn, "${aws_s3_bucket.posters.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.posters]
}
