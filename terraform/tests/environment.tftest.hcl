# What the containers are told, against what the applications read.

mock_provider "aws" { source = "./tests/mocks" }
mock_provider "random" {}

variables {
  domain_name    = "tickets.example.com"
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"
}

override_resource {
  target = aws_secretsmanager_secret.redis
  values = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf" }
}

override_resource {
  target = aws_secretsmanager_secret.access_key[0]
  values = { id = "access-key-secret", arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/access-key-AbCdEf" }
}

override_resource {
  target = random_password.access_key[0]
  values = { result = "a-key-that-signs" }
}

run "ingress_api_is_told_this_and_nothing_else" {
  assert {
    condition = module.ingress_api.environment == tomap({
      AWS_REGION                           = "ap-northeast-2"
      JAVA_OPTS                            = "-XX:MaxRAMPercentage=55"
      SPRING_PROFILES_ACTIVE               = "aws"
      TICKETING_DATABASE_POOL              = "6"
      TICKETING_DATABASE_READER_URL        = "jdbc:aws-wrapper:mysql://ticketing.cluster-ro-c1234567890.ap-northeast-2.rds.amazonaws.com:3306/ticketing?sslMode=REQUIRED"
      TICKETING_DATABASE_SECRET_ARN        = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!cluster-database-AbCdEf"
      TICKETING_DATABASE_URL               = "jdbc:aws-wrapper:mysql://ticketing.cluster-c1234567890.ap-northeast-2.rds.amazonaws.com:3306/ticketing?sslMode=REQUIRED"
      TICKETING_MANAGEMENT_PORT            = "9080"
      TICKETING_PORT                       = "8080"
      TICKETING_QUEUE_COMMANDS_PER_MESSAGE = "1"
      TICKETING_QUEUE_DEAD_LETTERS         = "ticketing-bookings-dlq"
      TICKETING_QUEUE_NAME                 = "ticketing-bookings"
      TICKETING_RATES_PROXIES              = "1"
      TICKETING_REDIS_ADDRESSES            = "rediss://master.ticketing-redis.abc123.apn2.cache.amazonaws.com:6379"
    })
    error_message = "ingress-api: writer, readers, cache, queues, and one proxy before it."
  }

  assert {
    condition = module.ingress_api.secrets == tomap({
      TICKETING_ACCESS_KEY     = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/access-key-AbCdEf"
      TICKETING_REDIS_PASSWORD = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf"
    })
    error_message = "ingress-api: the key that signs tokens and the cache's token, read at each start."
  }
}

run "booking_worker_is_told_this_and_nothing_else" {
  assert {
    condition = module.booking_worker.environment == tomap({
      AWS_REGION                    = "ap-northeast-2"
      JAVA_OPTS                     = "-XX:MaxRAMPercentage=55"
      SPRING_PROFILES_ACTIVE        = "aws"
      TICKETING_DATABASE_POOL       = "6"
      TICKETING_DATABASE_SECRET_ARN = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!cluster-database-AbCdEf"
      TICKETING_DATABASE_URL        = "jdbc:aws-wrapper:mysql://ticketing.cluster-c1234567890.ap-northeast-2.rds.amazonaws.com:3306/ticketing?sslMode=REQUIRED"
      TICKETING_MANAGEMENT_PORT     = "9082"
      TICKETING_QUEUE_DEAD_LETTERS  = "ticketing-bookings-dlq"
      TICKETING_QUEUE_NAME          = "ticketing-bookings"
      TICKETING_REDIS_ADDRESSES     = "rediss://master.ticketing-redis.abc123.apn2.cache.amazonaws.com:6379"
      TICKETING_WORKER_STOP_TIMEOUT = "60s"
    })
    error_message = "booking-worker: writer, cache, queues, and how long it may finish. It never reads from a replica."
  }

  assert {
    condition     = module.booking_worker.secrets == tomap({ TICKETING_REDIS_PASSWORD = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/redis-AbCdEf" })
    error_message = "booking-worker meets no user: it has no key."
  }
}

run "notifier_is_told_this_and_nothing_else" {
  assert {
    condition = module.notifier.environment == tomap({
      AWS_REGION                = "ap-northeast-2"
      JAVA_OPTS                 = "-XX:MaxRAMPercentage=55"
      SPRING_PROFILES_ACTIVE    = "aws"
      TICKETING_INGRESS_URL     = "https://tickets.example.com"
      TICKETING_MANAGEMENT_PORT = "9081"
      TICKETING_PORT            = "8081"
      TICKETING_REDIS_ADDRESSES = "rediss://master.ticketing-redis.abc123.apn2.cache.amazonaws.com:6379"
    })
    error_message = "notifier: cache and ingress-api; neither queue nor database."
  }

  assert {
    condition     = keys(module.notifier.secrets) == tolist(["TICKETING_ACCESS_KEY", "TICKETING_REDIS_PASSWORD"])
    error_message = "notifier checks tokens and reads the cache."
  }
}

run "the_key_that_signs_tokens_is_made_here_and_kept_as_a_secret" {
  assert {
    condition     = aws_secretsmanager_secret_version.access_key[0].secret_id == "access-key-secret" && aws_secretsmanager_secret_version.access_key[0].secret_string == "a-key-that-signs"
    error_message = "The key lies in Secrets Manager."
  }

  assert {
    condition     = random_password.access_key[0].length == 64
    error_message = "HS256 asks for 32 bytes at least."
  }
}

run "each_variable_is_one_that_the_application_reads" {
  assert {
    condition = flatten([for name, service in {
      ingress-api    = { told = merge(module.ingress_api.environment, module.ingress_api.secrets), shared = ["ticketing-database.yaml", "ticketing-database-aws.yaml"] }
      booking-worker = { told = merge(module.booking_worker.environment, module.booking_worker.secrets), shared = ["ticketing-database.yaml", "ticketing-database-aws.yaml"] }
      notifier       = { told = merge(module.notifier.environment, module.notifier.secrets), shared = [] }
      } : [for variable in keys(service.told) : variable if startswith(variable, "TICKETING_") && !strcontains(join("\n", concat(
        [for file in fileset("${path.root}/../${name}/src/main/resources", "application*.yaml") : file("${path.root}/../${name}/src/main/resources/${file}")],
        [for file in service.shared : file("${path.root}/../booking-domain/src/main/resources/${file}")],
    )), "$${${variable}")]]) == []
    error_message = "Every TICKETING_ variable stands in the application's own settings."
  }

  assert {
    condition     = strcontains(module.ingress_api.user_data, join("\n", [for name, value in module.ingress_api.environment : "${name}=${value}"]))
    error_message = "The environment reaches the container."
  }
}

run "an_openid_issuer_takes_the_key_s_place" {
  variables {
    access_issuer_uri = "https://login.example.com/"
  }

  assert {
    condition     = lookup(module.ingress_api.environment, "TICKETING_ACCESS_ISSUER_URI", "") == "https://login.example.com/" && keys(module.ingress_api.secrets) == tolist(["TICKETING_REDIS_PASSWORD"])
    error_message = "ingress-api is told the issuer and gets no key."
  }
}

run "a_stricter_check_of_the_database_s_certificate_is_an_option" {
  variables {
    database_ssl_mode = "VERIFY_IDENTITY"
  }

  assert {
    condition     = endswith(module.ingress_api.environment["TICKETING_DATABASE_URL"], "/ticketing?sslMode=VERIFY_IDENTITY") && endswith(module.ingress_api.environment["TICKETING_DATABASE_READER_URL"], "/ticketing?sslMode=VERIFY_IDENTITY")
    error_message = "Both pools check it."
  }
}
