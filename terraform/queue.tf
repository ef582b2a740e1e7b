locals {
  queue_name        = "ticketing-bookings"
  dead_letters_name = "ticketing-bookings-dlq"
}

resource "aws_sqs_queue" "bookings" {
  name                       = local.queue_name
  message_retention_seconds  = 4 * 24 * 3600
  receive_wait_time_seconds  = 20
  visibility_timeout_seconds = 2 * var.longest_message_seconds
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "dead_letters" {
  # Longest retention of SQS. A message of a standard queue keeps its first enqueue time when it moves here.
  name                       = local.dead_letters_name
  message_retention_seconds  = 14 * 24 * 3600
  receive_wait_time_seconds  = 20
  visibility_timeout_seconds = 2 * var.longest_message_seconds
  sqs_managed_sse_enabled    = true
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.bookings.arn]
  })
}

# Deny statements only. The roles grant access.

resource "aws_sqs_queue_policy" "bookings" {
  queue_url = aws_sqs_queue.bookings.id
  policy    = jsonencode(local.queue_policy["bookings"])
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id
  policy    = jsonencode(local.queue_policy["dead_letters"])
}

locals {
  queue_policy = { for name, arn in {
    bookings     = aws_sqs_queue.bookings.arn
    dead_letters = aws_sqs_queue.dead_letters.arn
    } : name => {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "OnlyThisAccount"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = arn
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = local.account }
          Bool            = { "aws:PrincipalIsAWSService" = "false" }
        }
      },
    ]
  } }
}
