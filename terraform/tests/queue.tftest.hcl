# The queue of commands and its dead letters.

mock_provider "aws" { source = "./tests/mocks" }

override_resource {
  target = aws_sqs_queue.bookings
  values = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings", id = "bookings" }
}

override_resource {
  target = aws_sqs_queue.dead_letters
  values = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings-dlq", id = "dead-letters" }
}

run "bookings_use_a_standard_queue" {
  assert {
    condition     = aws_sqs_queue.bookings.name == "ticketing-bookings" && aws_sqs_queue.bookings.fifo_queue != true
    error_message = "ticketing-bookings is a standard queue: a FIFO queue would cap one hot event."
  }

  assert {
    condition     = aws_sqs_queue.bookings.message_retention_seconds == 345600
    error_message = "A booking is retained for four days."
  }

  assert {
    condition     = aws_sqs_queue.bookings.receive_wait_time_seconds == 20 && aws_sqs_queue.dead_letters.receive_wait_time_seconds == 20
    error_message = "Receivers use long polling."
  }
}

run "visibility_timeout_is_twice_the_longest_work" {
  assert {
    condition     = aws_sqs_queue.bookings.visibility_timeout_seconds == 100 && aws_sqs_queue.dead_letters.visibility_timeout_seconds == 100
    error_message = "2 x 50 s: the processing time, and that of one message before it."
  }
}

run "five_receives_move_a_message_to_dead_letters" {
  assert {
    condition     = jsondecode(aws_sqs_queue.bookings.redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.dead_letters.arn, maxReceiveCount = 5 }
    error_message = "Five receives, then ticketing-bookings-dlq."
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.name == "ticketing-bookings-dlq" && aws_sqs_queue.dead_letters.message_retention_seconds == 1209600
    error_message = "ticketing-bookings-dlq retains for 14 days, longer than the bookings queue."
  }

  assert {
    condition     = aws_sqs_queue_redrive_allow_policy.dead_letters.queue_url == "dead-letters" && jsondecode(aws_sqs_queue_redrive_allow_policy.dead_letters.redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.bookings.arn] }
    error_message = "Only the bookings queue may use these dead letters."
  }
}

run "messages_are_encrypted_at_rest" {
  assert {
    condition     = aws_sqs_queue.bookings.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.sqs_managed_sse_enabled
    error_message = "Both queues are encrypted."
  }
}

run "queues_refuse_plain_http_and_other_accounts" {
  assert {
    condition     = [aws_sqs_queue_policy.bookings.queue_url, aws_sqs_queue_policy.dead_letters.queue_url] == ["bookings", "dead-letters"]
    error_message = "Each queue has its policy."
  }

  assert {
    condition = { for name, policy in { bookings = aws_sqs_queue_policy.bookings.policy, dead_letters = aws_sqs_queue_policy.dead_letters.policy } : name => [
      for statement in jsondecode(policy).Statement : "${statement.Effect} ${statement.Principal} ${statement.Action} ${statement.Resource}"
      ] } == { for name, queue in { bookings = "ticketing-bookings", dead_letters = "ticketing-bookings-dlq" } : name => [
      "Deny * sqs:* arn:aws:sqs:ap-northeast-2:123456789012:${queue}",
      "Deny * sqs:* arn:aws:sqs:ap-northeast-2:123456789012:${queue}",
    ] }
    error_message = "The policies have deny statements only."
  }

  assert {
    condition = alltrue([for policy in [aws_sqs_queue_policy.bookings.policy, aws_sqs_queue_policy.dead_letters.policy] :
      [for statement in jsondecode(policy).Statement : jsonencode(statement.Condition)] == [
        jsonencode({ Bool = { "aws:SecureTransport" = "false" } }),
        jsonencode({ Bool = { "aws:PrincipalIsAWSService" = "false" }, StringNotEquals = { "aws:PrincipalAccount" = "123456789012" } }),
      ]
    ])
    error_message = "Denied: calls without TLS, and callers of other accounts."
  }
}

run "refuses_work_below_the_sum_of_limits" {
  command = plan

  variables {
    longest_message_seconds = 47
  }

  expect_failures = [var.longest_message_seconds]
}
