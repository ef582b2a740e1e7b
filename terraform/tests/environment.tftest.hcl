# Environment of the containers, compared with the settings of the applications.

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
  target = aws_secretsmanager_secret.access_key[0]
  values = { id = "access-key-secret", arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/access-signing-key-AbCdEf" }
}

override_resource {
  target = aws_secretsmanager_secret.database
  values = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/database-account-AbCdEf" }
}

run "ingress_api_gets_exactly_these_settings" {
  assert {
    condition = module.ingress_api.environment == tomap({
      AWS_REGION                                  = "ap-northeast-2"
      JAVA_OPTS                                   = "-XX:MaxRAMPercentage=55"
      SPRING_PROFILES_ACTIVE                      = "aws"
      TICKETING_ACCESS_PUBLIC_KEYS                = "cHVibGljLWtleQ=="
      TICKETING_ACCOUNTS_REQUIRE_CONFIRMATION     = "false"
      TICKETING_ADMIN_EMAIL                       = ""
      TICKETING_DATABASE_POOL                     = "5"
      TICKETING_DATABASE_READER_URL               = "jdbc:aws-wrapper:mysql://ticketing.cluster-ro-c1234567890.ap-northeast-2.rds.amazonaws.com:3306/ticketing?sslMode=REQUIRED"
      TICKETING_DATABASE_SECRET_ARN               = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/database-account-AbCdEf"
      TICKETING_DATABASE_URL                      = "jdbc:aws-wrapper:mysql://ticketing.cluster-c1234567890.ap-northeast-2.rds.amazonaws.com:3306/ticketing?sslMode=REQUIRED"
      TICKETING_LOG_FORMAT                        = "ecs"
      TICKETING_MAIL_SENDER                       = "ticketing@localhost"
      TICKETING_MAIL_TRANSPORT                    = "LOG"
      TICKETING_MANAGEMENT_PORT                   = "9080"
      TICKETING_MIGRATION_MODE                    = "VALIDATE"
      TICKETING_OPERATIONS_QUEUE_METRICS_INTERVAL = "0s"
      TICKETING_PAGE_URI                          = "https://tickets.example.com"
      TICKETING_PORT                              = "8080"
      TICKETING_POSTERS_BUCKET                    = "ticketing-posters-123456789012-ap-northeast-2"
      TICKETING_POSTERS_STORE                     = "S3"
      TICKETING_QUEUE_DEAD_LETTERS                = "ticketing-bookings-dlq"
      TICKETING_QUEUE_NAME                        = "ticketing-bookings"
      TICKETING_RATES_PROXIES                     = "1"
      TICKETING_REDIS_ADDRESSES                   = "rediss://master.ticketing-redis.abc123.apn2.cache.amazonaws.com:6379"
    })
    error_message = "ingress-api: writer, readers, cache, queues, and one proxy before it."
  }

  assert {
    condition = module.ingress_api.secrets == tomap({
      TICKETING_ACCESS_SIGNING_KEY = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/access-signing-key-AbCdEf"
      TICKETING_REDIS_PASSWORD     = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf"
      TICKETING_TICKET_KEY         = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/ticket-key-AbCdEf"
    })
    error_message = "ingress-api: the keys of tokens and of ticket ids, and the cache's token, read at each start."
  }
}

run "booking_worker_gets_exactly_these_settings" {
  assert {
    condition = module.booking_worker.environment == tomap({
      AWS_REGION                    = "ap-northeast-2"
      JAVA_OPTS                     = "-XX:MaxRAMPercentage=55"
      SPRING_PROFILES_ACTIVE        = "aws"
      TICKETING_DATABASE_POOL       = "5"
      TICKETING_DATABASE_SECRET_ARN = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/database-account-AbCdEf"
      TICKETING_DATABASE_URL        = "jdbc:aws-wrapper:mysql://ticketing.cluster-c1234567890.ap-northeast-2.rds.amazonaws.com:3306/ticketing?sslMode=REQUIRED"
      TICKETING_LOG_FORMAT          = "ecs"
      TICKETING_MANAGEMENT_PORT     = "9082"
      TICKETING_MIGRATION_MODE      = "VALIDATE"
      TICKETING_QUEUE_DEAD_LETTERS  = "ticketing-bookings-dlq"
      TICKETING_QUEUE_NAME          = "ticketing-bookings"
      TICKETING_REDIS_ADDRESSES     = "rediss://master.ticketing-redis.abc123.apn2.cache.amazonaws.com:6379"
      TICKETING_WORKER_STOP_TIMEOUT = "60s"
    })
    error_message = "booking-worker: writer, cache, queues and stop timeout; no replica."
  }

  assert {
    condition     = module.booking_worker.secrets == tomap({ TICKETING_REDIS_PASSWORD = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf" })
    error_message = "booking-worker verifies no tokens and has no key."
  }
}

run "notifier_gets_exactly_these_settings" {
  assert {
    condition = module.notifier.environment == tomap({
      AWS_REGION                   = "ap-northeast-2"
      JAVA_OPTS                    = "-XX:MaxRAMPercentage=40"
      SPRING_PROFILES_ACTIVE       = "aws"
      TICKETING_ACCESS_PUBLIC_KEYS = "cHVibGljLWtleQ=="
      TICKETING_INGRESS_URL        = "https://tickets.example.com"
      TICKETING_LOG_FORMAT         = "ecs"
      TICKETING_MANAGEMENT_PORT    = "9081"
      TICKETING_PORT               = "8081"
      TICKETING_RATES_PROXIES      = "1"
      TICKETING_REDIS_ADDRESSES    = "rediss://master.ticketing-redis.abc123.apn2.cache.amazonaws.com:6379"
    })
    error_message = "notifier: cache and ingress-api; neither queue nor database."
  }

  assert {
    condition     = keys(module.notifier.secrets) == tolist(["TICKETING_REDIS_PASSWORD"])
    error_message = "notifier reads the cache and cannot sign tokens."
  }
}

run "only_ingress_api_can_sign" {
  assert {
    condition     = length(aws_secretsmanager_secret.access_key) == 1 && !contains(keys(module.notifier.secrets), "TICKETING_ACCESS_SIGNING_KEY") && !contains(keys(module.booking_worker.secrets), "TICKETING_ACCESS_SIGNING_KEY")
    error_message = "The private key is a secret of ingress-api."
  }

  assert {
    condition     = module.notifier.environment["TICKETING_ACCESS_PUBLIC_KEYS"] == "cHVibGljLWtleQ==" && module.ingress_api.environment["TICKETING_ACCESS_PUBLIC_KEYS"] == "cHVibGljLWtleQ=="
    error_message = "ingress-api and notifier verify with the public keys."
  }
}

run "rotation_has_two_public_keys" {
  variables {
    access_public_keys = ["b2xk", "bmV3"]
  }

  assert {
    condition     = module.notifier.environment["TICKETING_ACCESS_PUBLIC_KEYS"] == "b2xk,bmV3"
    error_message = "Tokens of both keys are valid."
  }
}

run "entry_passes_are_signed_by_ingress_api" {
  variables {
    entry_pass_public_keys    = ["cGFzcw=="]
    entry_pass_key_secret_arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/entry-pass-key-AbCdEf"
  }

  assert {
    condition     = module.ingress_api.environment["TICKETING_ENTRY_PASSES_PUBLIC_KEYS"] == "cGFzcw==" && module.ingress_api.secrets["TICKETING_ENTRY_PASSES_KEY"] == var.entry_pass_key_secret_arn
    error_message = "ingress-api signs and publishes entry passes."
  }
}

run "entry_passes_require_a_public_key" {
  command = plan

  variables {
    entry_pass_key_secret_arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/entry-pass-key-AbCdEf"
  }

  expect_failures = [var.entry_pass_key_secret_arn]
}

run "entry_passes_require_a_private_key" {
  command = plan

  variables {
    entry_pass_public_keys = ["cGFzcw=="]
  }

  expect_failures = [var.entry_pass_key_secret_arn]
}

run "own_tokens_require_a_public_key" {
  command = plan

  variables {
    access_public_keys = []
  }

  expect_failures = [var.access_public_keys]
}

run "issuer_requires_an_audience" {
  command = plan

  variables {
    access_issuer_uri = "https://login.example.com/"
  }

  expect_failures = [var.access_audience]
}

run "user_data_has_no_value_of_a_secret" {
  assert {
    condition = alltrue([for text in concat([for service in [module.ingress_api, module.booking_worker, module.notifier] : jsonencode(service)], [base64decode(aws_launch_template.migration.user_data)]) :
      !strcontains(text, "CacheTokenCacheTokenCacheToken01") && !strcontains(text, "TicketKeyTicketKeyTicketKeyTic01")
    ])
    error_message = "User data names secrets by ARN."
  }
}

run "each_variable_is_one_that_the_application_reads" {
  assert {
    condition = flatten([for name, service in {
      ingress-api    = { told = merge(module.ingress_api.environment, module.ingress_api.secrets), shared = ["ticketing-database.yaml", "ticketing-database-aws.yaml", "ticketing-observability.yaml"] }
      booking-worker = { told = merge(module.booking_worker.environment, module.booking_worker.secrets), shared = ["ticketing-database.yaml", "ticketing-database-aws.yaml", "ticketing-observability.yaml"] }
      notifier       = { told = merge(module.notifier.environment, module.notifier.secrets), shared = ["ticketing-observability.yaml"] }
      } : [for variable in keys(service.told) : variable if startswith(variable, "TICKETING_") && !strcontains(join("\n", concat(
        [for file in fileset("${path.root}/../${name}/src/main/resources", "application*.yaml") : file("${path.root}/../${name}/src/main/resources/${file}")],
        [for file in service.shared : file("${path.root}/../booking-domain/src/main/resources/${file}")],
    )), "$${${variable}")]]) == []
    error_message = "Each TICKETING_ variable is a setting of the application."
  }

  assert {
    condition     = strcontains(module.ingress_api.user_data, join("\n", [for name, value in module.ingress_api.environment : "${name}=${value}"]))
    error_message = "The environment reaches the container."
  }
}

run "openid_issuer_replaces_the_key_setting" {
  variables {
    access_issuer_uri = "https://login.example.com/"
    access_audience   = "tickets"
  }

  assert {
    condition     = module.notifier.environment["TICKETING_ACCESS_AUDIENCE"] == "tickets" && lookup(module.ingress_api.environment, "TICKETING_ACCESS_ISSUER_URI", "") == "https://login.example.com/" && keys(module.ingress_api.secrets) == tolist(["TICKETING_REDIS_PASSWORD", "TICKETING_TICKET_KEY"])
    error_message = "ingress-api has the issuer setting, the key of ticket ids, and no signing key."
  }
}

run "database_certificate_check_can_be_stricter" {
  variables {
    database_ssl_mode = "VERIFY_IDENTITY"
  }

  assert {
    condition     = endswith(module.ingress_api.environment["TICKETING_DATABASE_URL"], "/ticketing?sslMode=VERIFY_IDENTITY") && endswith(module.ingress_api.environment["TICKETING_DATABASE_READER_URL"], "/ticketing?sslMode=VERIFY_IDENTITY")
    error_message = "Both pools check it."
  }
}

run "plan_contains_no_value_of_a_secret" {
  command = plan

  assert {
    condition     = !strcontains(jsonencode([aws_secretsmanager_secret.written, aws_secretsmanager_secret_version.written, aws_elasticache_replication_group.main]), "CacheTokenCacheTokenCacheToken01")
    error_message = "The cache token is write-only."
  }

  assert {
    condition     = !strcontains(jsonencode([aws_secretsmanager_secret.written, aws_secretsmanager_secret_version.written]), "TicketKeyTicketKeyTicketKeyTic01")
    error_message = "The ticket key is write-only."
  }

  assert {
    condition     = { for name, secret in aws_secretsmanager_secret_version.written : name => secret.secret_string_wo_version } == { redis = 1, ticket-key = 1 }
    error_message = "Each value is written once for a version."
  }
}

run "refuses_short_values_of_secrets" {
  command = plan

  variables {
    cache_token = "short"
    ticket_key  = "contains-other-characters-than-letters"
  }

  expect_failures = [var.cache_token, var.ticket_key]
}

run "refuses_versions_of_secrets_below_one" {
  command = plan

  variables {
    cache_token_version = 0
    ticket_key_version  = 0.5
  }

  expect_failures = [var.cache_token_version, var.ticket_key_version]
}
