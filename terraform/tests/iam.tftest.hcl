# One role for each service, with the minimum permissions.

mock_provider "aws" { source = "./tests/mocks" }

override_resource {
  target = aws_secretsmanager_secret.written["redis"]
  values = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf" }
}

override_resource {
  target = aws_secretsmanager_secret.written["ticket-key"]
  values = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/ticket-key-AbCdEf" }
}

override_resource {
  target = aws_sqs_queue.bookings
  values = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings" }
}

override_resource {
  target = aws_sqs_queue.dead_letters
  values = { arn = "arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings-dlq" }
}

override_resource {
  target = aws_secretsmanager_secret.access_key[0]
  values = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/access-signing-key-AbCdEf" }
}

override_resource {
  target = aws_secretsmanager_secret.database
  values = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/database-account-AbCdEf" }
}

override_resource {
  target = module.ingress_api.aws_ecr_repository.this
  values = { arn = "arn:aws:ecr:ap-northeast-2:123456789012:repository/ticketing/ingress-api" }
}

override_resource {
  target = module.booking_worker.aws_ecr_repository.this
  values = { arn = "arn:aws:ecr:ap-northeast-2:123456789012:repository/ticketing/booking-worker" }
}

override_resource {
  target = module.notifier.aws_ecr_repository.this
  values = { arn = "arn:aws:ecr:ap-northeast-2:123456789012:repository/ticketing/notifier" }
}

override_resource {
  target = aws_s3_bucket.posters
  values = { arn = "arn:aws:s3:::ticketing-posters-123456789012-ap-northeast-2" }
}

override_resource {
  target = module.ingress_api.aws_cloudwatch_log_group.this
  values = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:/ticketing/ingress-api" }
}

run "ingress_api_sends_and_redrives_only" {
  assert {
    condition = { for statement in jsondecode(module.ingress_api.policy).Statement : statement.Sid => statement.Action } == {
      ReportItsOwnState    = ["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth"]
      ReadSettings         = ["secretsmanager:GetSecretValue"]
      SendBookings         = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"]
      RedriveDeadLetters   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListMessageMoveTasks", "sqs:ReceiveMessage", "sqs:StartMessageMoveTask"]
      ReadDatabasePassword = ["secretsmanager:GetSecretValue"]
      StorePosters         = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      FindPosters          = ["s3:ListBucket"]
    }
    error_message = "ingress-api: send to the bookings queue, redrive the dead letters, read its secrets, report its state."
  }

  assert {
    condition = { for statement in jsondecode(module.ingress_api.policy).Statement : statement.Sid => statement.Resource } == {
      ReportItsOwnState = ["arn:aws:autoscaling:ap-northeast-2:123456789012:autoScalingGroup:*:autoScalingGroupName/ticketing-ingress-api"]
      ReadSettings = [
        "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/access-signing-key-AbCdEf",
        "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf",
        "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/ticket-key-AbCdEf",
      ]
      SendBookings         = ["arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings"]
      RedriveDeadLetters   = ["arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings-dlq"]
      ReadDatabasePassword = ["arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/database-account-AbCdEf"]
      StorePosters         = ["arn:aws:s3:::ticketing-posters-123456789012-ap-northeast-2/posters/*"]
      FindPosters          = ["arn:aws:s3:::ticketing-posters-123456789012-ap-northeast-2"]
    }
    error_message = "ingress-api: receiving and deleting are for the dead letters, sending is for the bookings."
  }
}

run "booking_worker_drains_and_never_sends" {
  assert {
    condition = { for statement in jsondecode(module.booking_worker.policy).Statement : statement.Sid => statement.Action } == {
      ReportItsOwnState    = ["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth"]
      DrainBookings        = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
      ReadDeadLetters      = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
      ReadSettings         = ["secretsmanager:GetSecretValue"]
      ReadDatabasePassword = ["secretsmanager:GetSecretValue"]
    }
    error_message = "booking-worker: receive, delete, change visibility; read dead letters and delete revoked ones; read its secrets; report its state."
  }

  assert {
    condition = { for statement in jsondecode(module.booking_worker.policy).Statement : statement.Sid => statement.Resource } == {
      ReportItsOwnState    = ["arn:aws:autoscaling:ap-northeast-2:123456789012:autoScalingGroup:*:autoScalingGroupName/ticketing-booking-worker"]
      DrainBookings        = ["arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings"]
      ReadDeadLetters      = ["arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings-dlq"]
      ReadSettings         = ["arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf"]
      ReadDatabasePassword = ["arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/database-account-AbCdEf"]
    }
    error_message = "booking-worker: each permission on its own queue."
  }

  assert {
    condition     = !strcontains(module.booking_worker.policy, "access-signing-key")
    error_message = "booking-worker cannot read the key that signs tokens."
  }
}

run "notifier_has_no_queue_or_database_access" {
  assert {
    condition = { for statement in jsondecode(module.notifier.policy).Statement : statement.Sid => { actions = statement.Action, resources = statement.Resource } } == {
      ReportItsOwnState = {
        actions   = ["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth"]
        resources = ["arn:aws:autoscaling:ap-northeast-2:123456789012:autoScalingGroup:*:autoScalingGroupName/ticketing-notifier"]
      }
      ReadSettings = {
        actions   = ["secretsmanager:GetSecretValue"]
        resources = ["arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf"]
      }
    }
    error_message = "notifier: one secret and its own state. It cannot sign tokens."
  }
}

run "no_policy_has_a_wildcard" {
  assert {
    condition = !anytrue(flatten([for policy in [module.ingress_api.policy, module.booking_worker.policy, module.notifier.policy] : [
      for statement in jsondecode(policy).Statement : [
        for word in concat(statement.Action, statement.Resource) : word == "*" || endswith(word, ":*")
      ]
    ]]))
    error_message = "No policy of a service allows every action or every resource."
  }

  assert {
    condition = alltrue(flatten([for policy in [module.ingress_api.boundary, module.booking_worker.boundary, module.notifier.boundary] : [
      for statement in jsondecode(policy).Statement : [
        for action in statement.Action : !strcontains(action, "*")
      ]
    ]]))
    error_message = "No boundary allows an action by wildcard."
  }

  assert {
    condition = toset(flatten([for policy in [module.ingress_api.boundary, module.booking_worker.boundary, module.notifier.boundary] : [
      for statement in jsondecode(policy).Statement : statement.Action if contains(statement.Resource, "*")
    ]])) == toset(["cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"])
    error_message = "Only the two actions that AWS cannot narrow to a resource are allowed on every one."
  }
}

run "managed_policies_stay_within_the_boundary" {
  assert {
    condition = alltrue([for policies in [module.ingress_api.managed_policies, module.booking_worker.managed_policies, module.notifier.managed_policies] :
      policies == ["AmazonEC2ContainerRegistryReadOnly", "CloudWatchAgentServerPolicy"]
    ])
    error_message = "Each role has AmazonEC2ContainerRegistryReadOnly and CloudWatchAgentServerPolicy."
  }

  assert {
    condition = { for statement in jsondecode(module.ingress_api.boundary).Statement : statement.Sid => statement.Resource if contains(["PullItsOwnImage", "WriteItsOwnLog"], statement.Sid) } == {
      PullItsOwnImage = ["arn:aws:ecr:ap-northeast-2:123456789012:repository/ticketing/ingress-api"]
      WriteItsOwnLog = [
        "arn:aws:logs:ap-northeast-2:123456789012:log-group:/ticketing/ingress-api",
        "arn:aws:logs:ap-northeast-2:123456789012:log-group:/ticketing/ingress-api:*",
      ]
    }
    error_message = "The boundary leaves its own image and its own log."
  }

  assert {
    condition     = [for statement in jsondecode(module.ingress_api.boundary).Statement : statement.Condition if statement.Sid == "WriteItsMetrics"] == [{ StringEquals = { "cloudwatch:namespace" = "Ticketing" } }]
    error_message = "The boundary leaves metrics of the namespace Ticketing."
  }

  assert {
    condition = alltrue([for service in [module.ingress_api, module.booking_worker, module.notifier] :
      length(setsubtract(jsondecode(service.policy).Statement[*].Sid, jsondecode(service.boundary).Statement[*].Sid)) == 0
    ])
    error_message = "The boundary leaves what the service's own policy allows."
  }
}

run "each_service_has_its_own_role" {
  assert {
    condition     = [module.ingress_api.role_name, module.booking_worker.role_name, module.notifier.role_name] == ["ticketing-ec2-role", "ticketing-ec2-role-booking-worker", "ticketing-ec2-role-notifier"]
    error_message = "ticketing-ec2-role is the role of ingress-api; the other names have a suffix."
  }
}

run "an_openid_issuer_replaces_the_signing_key" {
  variables {
    access_issuer_uri = "https://login.example.com/"
    access_audience   = "tickets"
  }

  assert {
    condition     = length(aws_secretsmanager_secret.access_key) == 0
    error_message = "Without own tokens there is no signing key."
  }

  assert {
    condition     = contains(flatten([for statement in jsondecode(module.ingress_api.policy).Statement : statement.Resource if statement.Sid == "ReadSettings"]), "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/ticket-key-AbCdEf")
    error_message = "ingress-api reads the key of ticket ids, without which it does not start."
  }

  assert {
    condition     = strcontains(module.ingress_api.user_data, "TICKETING_ACCESS_ISSUER_URI=https://login.example.com/") && strcontains(module.notifier.user_data, "TICKETING_ACCESS_ISSUER_URI=https://login.example.com/")
    error_message = "The two services that verify tokens have the issuer setting."
  }
}

run "session_manager_shell_is_off_by_default" {
  variables {
    session_manager = true
  }

  assert {
    condition     = contains(module.booking_worker.managed_policies, "AmazonSSMManagedInstanceCore")
    error_message = "session_manager attaches its policy."
  }

  assert {
    condition     = contains(jsondecode(module.booking_worker.boundary).Statement[*].Sid, "OpenShell")
    error_message = "session_manager widens the boundary."
  }
}

run "ingress_api_sends_mails_of_a_sender" {
  variables {
    mail_sender = "tickets@example.com"
  }
  assert {
    condition = [for statement in jsondecode(module.ingress_api.policy).Statement : statement.Resource
    if statement.Sid == "SendMails"] == [["arn:aws:ses:ap-northeast-2:123456789012:identity/*"]]
    error_message = "With a sender, ingress-api sends mails with identities of this account and region."
  }
}

run "confirmation_requires_a_sender" {
  command = plan
  variables {
    require_confirmation = true
  }
  expect_failures = [var.require_confirmation]
}

run "only_the_migration_reads_the_owner_password" {
  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.migration.policy).Statement : statement.Sid => statement.Resource if strcontains(statement.Sid, "Database") || strcontains(statement.Sid, "Account") } == {
      ReadDatabasePasswords = [
        "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!cluster-database-AbCdEf",
        "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/database-account-AbCdEf",
      ]
      WriteAccountOfServices = ["arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/database-account-AbCdEf"]
    }
    error_message = "The migration reads both passwords and writes that of the services."
  }

  assert {
    condition     = alltrue([for policy in [module.ingress_api.policy, module.booking_worker.policy, module.notifier.policy, module.ingress_api.boundary] : !strcontains(policy, "rds!cluster")])
    error_message = "No service reads the password of the owner."
  }

  assert {
    condition     = !strcontains(local.migration_user_data, "JAVA_OPTS") && strcontains(local.migration_user_data, "TICKETING_MIGRATION_MODE=TASK") && strcontains(local.migration_user_data, "ticketing/database-account-AbCdEf") && length(local.migration_user_data) < 16384
    error_message = "The task has its mode and the account, within the limit of user data."
  }

  assert {
    condition     = aws_launch_template.migration.instance_initiated_shutdown_behavior == "terminate"
    error_message = "The instance of the task is terminated by its shutdown."
  }
}
