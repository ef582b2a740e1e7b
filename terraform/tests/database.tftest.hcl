# Database: Aurora writer and reader, and their backups.

mock_provider "aws" { source = "./tests/mocks" }

run "aurora_has_writer_and_reader_in_two_zones" {
  assert {
    condition     = aws_rds_cluster.main.engine == "aurora-mysql" && aws_rds_cluster.main.engine_version == "8.4.mysql_aurora.8.4.8" && aws_rds_cluster.main.database_name == "ticketing"
    error_message = "Aurora MySQL 8.4 with the schema ticketing."
  }

  assert {
    condition     = aws_rds_cluster_instance.main[*].availability_zone == ["ap-northeast-2a", "ap-northeast-2c"]
    error_message = "The first instance, the writer, stands in 2a; the reader in 2c."
  }

  assert {
    condition = alltrue([for instance in aws_rds_cluster_instance.main :
      instance.cluster_identifier == aws_rds_cluster.main.id && instance.engine == "aurora-mysql" && instance.engine_version == aws_rds_cluster.main.engine_version && instance.instance_class == "db.t4g.medium"
    ])
    error_message = "Both are db.t4g.medium of this cluster."
  }

  assert {
    condition     = aws_rds_cluster_instance.main[*].promotion_tier == [0, 1]
    error_message = "A failover takes the readers in order."
  }

  assert {
    condition     = !anytrue(aws_rds_cluster_instance.main[*].auto_minor_version_upgrade)
    error_message = "A new version is installed by an apply only."
  }
}

run "database_is_in_the_database_subnets_only" {
  assert {
    condition     = aws_db_subnet_group.main.subnet_ids == toset([for subnet in aws_subnet.database : subnet.id])
    error_message = "The subnet group holds both database subnets."
  }

  assert {
    condition     = aws_rds_cluster.main.db_subnet_group_name == aws_db_subnet_group.main.name && alltrue([for instance in aws_rds_cluster_instance.main : instance.db_subnet_group_name == aws_db_subnet_group.main.name])
    error_message = "Cluster and instances use it."
  }

  assert {
    condition     = !anytrue(aws_rds_cluster_instance.main[*].publicly_accessible)
    error_message = "No instance has a public address."
  }
}

run "backups_run_nightly_and_are_kept_7_days" {
  assert {
    condition     = aws_rds_cluster.main.backup_retention_period == 7
    error_message = "Kept 7 days, and recoverable to any second of them."
  }

  assert {
    condition     = aws_rds_cluster.main.preferred_backup_window == "18:00-18:30"
    error_message = "18:00 UTC is 03:00 in Seoul."
  }

  assert {
    condition     = aws_rds_cluster.main.preferred_maintenance_window == "sat:19:00-sat:20:00"
    error_message = "Maintenance stays clear of the backup: Sunday 04:00 in Seoul is Saturday 19:00 UTC."
  }

  assert {
    condition     = aws_rds_cluster.main.delete_automated_backups == false && aws_rds_cluster.main.copy_tags_to_snapshot
    error_message = "Backups outlive the cluster."
  }
}

run "the_binary_log_is_written_in_rows" {
  assert {
    condition     = [for parameter in aws_rds_cluster_parameter_group.main.parameter : "${parameter.value} ${parameter.apply_method}" if parameter.name == "binlog_format"] == ["ROW pending-reboot"]
    error_message = "Binary log in rows; the format changes with a reboot."
  }

  assert {
    condition     = strcontains(file("${path.root}/../booking-domain/src/main/resources/db/aws/afterMigrate.sql"), "'binlog retention hours', 168")
    error_message = "It is kept for 7 x 24 hours."
  }
}

run "the_binary_log_can_be_left_out" {
  variables {
    database_binary_log = false
  }

  assert {
    condition     = one([for parameter in aws_rds_cluster_parameter_group.main.parameter : parameter.value if parameter.name == "binlog_format"]) == "OFF"
    error_message = "Without a binary log."
  }
}

run "change_snapshots_are_kept_30_days" {
  assert {
    condition     = aws_backup_vault_lock_configuration.snapshots.backup_vault_name == aws_backup_vault.snapshots.name && aws_backup_vault_lock_configuration.snapshots.min_retention_days == 30 && aws_backup_vault_lock_configuration.snapshots.max_retention_days == 30
    error_message = "The vault keeps for 30 days, no more and no less."
  }

  assert {
    condition     = output.snapshot_command == "aws backup start-backup-job --region ap-northeast-2 --backup-vault-name ticketing-before-changes --resource-arn arn:aws:rds:ap-northeast-2:123456789012:cluster:ticketing --iam-role-arn arn:aws:iam::123456789012:role/ticketing --lifecycle DeleteAfterDays=30"
    error_message = "The command names vault, cluster, role and 30 days."
  }

  assert {
    condition     = keys(aws_iam_role_policy_attachment.backup) == ["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"]
    error_message = "The role may back up and restore."
  }

  assert {
    condition     = jsondecode(aws_iam_role.backup.assume_role_policy).Statement == [{ Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }, Effect = "Allow", Principal = { Service = "backup.amazonaws.com" } }]
    error_message = "Only AWS Backup takes the role, for this account."
  }
}

run "password_is_managed_and_data_are_encrypted" {
  assert {
    condition     = aws_rds_cluster.main.manage_master_user_password && aws_rds_cluster.main.master_username == "ticketing" && aws_rds_cluster.main.master_password == null
    error_message = "RDS makes, keeps and rotates the password."
  }

  assert {
    condition     = aws_rds_cluster.main.storage_encrypted
    error_message = "Encrypted at rest."
  }

  assert {
    condition     = one([for parameter in aws_rds_cluster_parameter_group.main.parameter : parameter.value if parameter.name == "require_secure_transport"]) == "ON"
    error_message = "Connections require TLS."
  }

  assert {
    condition     = aws_rds_cluster_parameter_group.main.family == "aurora-mysql8.4" && aws_rds_cluster.main.db_cluster_parameter_group_name == aws_rds_cluster_parameter_group.main.name
    error_message = "The parameters are those of Aurora MySQL 8.4, and in use."
  }
}

run "pools_fit_below_warning_and_limit" {
  assert {
    condition     = one([for parameter in aws_rds_cluster_parameter_group.main.parameter : parameter.value if parameter.name == "max_connections"]) == "500"
    error_message = "The limit is 25 % above the warning at 400."
  }

  assert {
    condition     = strcontains(module.booking_worker.user_data, "TICKETING_DATABASE_POOL=5\n") && strcontains(module.ingress_api.user_data, "TICKETING_DATABASE_POOL=5\n")
    error_message = "20 workers with one pool and 20 ingress-apis with two, and 2 monitors of each process: 60 x 5 + 40 x 2 = 380."
  }
}

run "writer_and_reader_are_maintained_one_after_another" {
  assert {
    condition     = aws_rds_cluster_instance.main[*].preferred_maintenance_window == ["sat:19:00-sat:19:30", "sat:19:30-sat:20:00"]
    error_message = "Two windows that do not overlap, in the night of Seoul."
  }

  assert {
    condition     = aws_rds_cluster.main.apply_immediately && aws_elasticache_replication_group.main.apply_immediately
    error_message = "An apply takes effect with the apply."
  }
}

run "a_restored_instance_keeps_its_zone" {
  # The state has the instances of the run above, in zones a and c.
  variables {
    zones             = ["b", "d"]
    nat_gateway_zones = ["b"]
  }

  assert {
    condition     = aws_rds_cluster_instance.main[*].availability_zone == ["ap-northeast-2a", "ap-northeast-2c"]
    error_message = "Another zone would replace the instance."
  }
}

run "slow_queries_and_errors_are_logged" {
  assert {
    condition     = { for parameter in aws_rds_cluster_parameter_group.main.parameter : parameter.name => parameter.value if contains(["slow_query_log", "long_query_time"], parameter.name) } == { slow_query_log = "1", long_query_time = "1" }
    error_message = "A query above 1 s is slow."
  }

  assert {
    condition     = { for name, group in aws_cloudwatch_log_group.database : group.name => group.retention_in_days } == { "/aws/rds/cluster/ticketing/error" = 14, "/aws/rds/cluster/ticketing/slowquery" = 14 }
    error_message = "The log groups of errors and slow queries exist before the cluster makes its own."
  }

  assert {
    condition     = aws_rds_cluster.main.enabled_cloudwatch_logs_exports == toset(["error", "slowquery"])
    error_message = "Both are exported."
  }
}

run "database_has_deletion_protection" {
  assert {
    condition     = aws_rds_cluster.main.deletion_protection && !aws_rds_cluster.main.skip_final_snapshot && aws_rds_cluster.main.final_snapshot_identifier == "ticketing-final"
    error_message = "Protected, and with a last snapshot."
  }
}

run "refuses_a_cluster_without_a_reader" {
  command = plan

  variables {
    database_readers = 0
  }

  expect_failures = [var.database_readers]
}

run "refuses_connections_without_tls" {
  command = plan

  variables {
    database_ssl_mode = "PREFERRED"
  }

  expect_failures = [var.database_ssl_mode]
}

run "refuses_a_night_that_ends_on_another_day" {
  command = plan

  variables {
    night_starts_utc = 21
  }

  expect_failures = [var.night_starts_utc]
}

run "maintenance_day_follows_the_local_night" {
  variables {
    night_starts_utc = 8
  }

  assert {
    condition     = aws_rds_cluster.main.preferred_maintenance_window == "sun:09:00-sun:10:00" && aws_elasticache_replication_group.main.maintenance_window == "sun:10:00-sun:11:00"
    error_message = "08:00 UTC is the night in Virginia, of the same day."
  }
}
