locals {
  database_name = "ticketing"
  database_logs = toset(["error", "slowquery"])
  # The pools of all processes and the monitors of the JDBC wrapper, with each group at its maximum, fit below the
  # warning. The server's own limit is 25 % above the warning.
  database_max_connections = ceil(var.database_connections_warning / 0.8)
  # ingress-api has two pools, one for the readers. After a failover both pools may use one instance.
  database_processes = var.ingress_api.max + var.booking_worker.max
  # To one instance, a process keeps a monitor of the topology and a monitor of failures.
  database_monitors    = 2 * local.database_processes
  database_pool        = max(2, floor((var.database_connections_warning - local.database_monitors) / (2 * var.ingress_api.max + var.booking_worker.max)))
  database_maintenance = format("%[1]s:%02[2]d:00-%[1]s:%02[3]d:00", local.maintenance_day, var.night_starts_utc + 1, var.night_starts_utc + 2)
  database_maintenance_halves = [
    format("%[1]s:%02[2]d:00-%[1]s:%02[2]d:30", local.maintenance_day, var.night_starts_utc + 1),
    format("%[1]s:%02[2]d:30-%[1]s:%02[3]d:00", local.maintenance_day, var.night_starts_utc + 1, var.night_starts_utc + 2),
  ]
  database_options = "?sslMode=${var.database_ssl_mode}"
  # jdbc:aws-wrapper is the AWS JDBC wrapper. It follows a failover by the cluster's topology, not by DNS.
  database_url        = "jdbc:aws-wrapper:mysql://${aws_rds_cluster.main.endpoint}:3306/${local.database_name}${local.database_options}"
  database_reader_url = "jdbc:aws-wrapper:mysql://${aws_rds_cluster.main.reader_endpoint}:3306/${local.database_name}${local.database_options}"
  # The owner migrates the schema. The services have an account of their own (migration.tf).
  database_owner_secret_arn = aws_rds_cluster.main.master_user_secret[0].secret_arn
}

resource "aws_db_subnet_group" "main" {
  name       = local.name
  subnet_ids = [for subnet in aws_subnet.database : subnet.id]
}

resource "aws_rds_cluster_parameter_group" "main" {
  name        = "${local.name}-aurora-mysql8-4"
  family      = "aurora-mysql8.4"
  description = "Ticketing"

  parameter {
    name  = "require_secure_transport"
    value = "ON"
  }

  parameter {
    name  = "max_connections"
    value = tostring(local.database_max_connections)
  }

  parameter {
    name  = "slow_query_log"
    value = "1"
  }

  parameter {
    name  = "long_query_time" # seconds
    value = "1"
  }

  parameter {
    name         = "binlog_format"
    value        = var.database_binary_log ? "ROW" : "OFF"
    apply_method = "pending-reboot"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "database" {
  #checkov:skip=CKV_AWS_158:Encrypted with the key of CloudWatch
  #checkov:skip=CKV_AWS_338:Retention is a setting; administrative actions are rows of audit_log

  # Created here, because log groups that the cluster creates have no retention limit.
  for_each = local.database_logs

  name              = "/aws/rds/cluster/${local.name}/${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_rds_cluster" "main" {
  #checkov:skip=CKV_AWS_162:Accounts have passwords in Secrets Manager, which the JDBC wrapper reads again after a rotation
  #checkov:skip=CKV_AWS_327:Encrypted with the AWS managed key
  #checkov:skip=CKV_AWS_325:Administrative actions are rows of audit_log; a log of all statements costs more than the database
  #checkov:skip=CKV_AWS_326:Backtracking excludes the binary log, which a blue/green deployment needs; the restore is to a point in time
  #checkov:skip=CKV2_AWS_8:The cluster has its own backups of seven days

  cluster_identifier = local.name
  engine             = "aurora-mysql"
  engine_version     = var.database_engine_version
  database_name      = local.database_name
  master_username    = "ticketing"

  # RDS generates the password, stores it in Secrets Manager and rotates it every seven days.
  manage_master_user_password = true

  db_subnet_group_name            = aws_db_subnet_group.main.name
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.main.name
  vpc_security_group_ids          = [aws_security_group.rds.id]
  storage_encrypted               = true
  enabled_cloudwatch_logs_exports = local.database_logs

  backup_retention_period      = local.backup_days
  preferred_backup_window      = local.backup_window
  preferred_maintenance_window = local.database_maintenance
  # A change of the engine or the settings takes effect with the apply. A change of the class does not (below).
  apply_immediately     = true
  copy_tags_to_snapshot = true
  # The backups of the last seven days survive an accidental deletion of the cluster.
  delete_automated_backups = false

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${local.name}-final"

  lifecycle {
    # Aurora always spreads its storage over three zones.
    ignore_changes = [availability_zones]
  }

  depends_on = [aws_cloudwatch_log_group.database]
}

resource "aws_rds_cluster_instance" "main" {
  #checkov:skip=CKV_AWS_353:Burstable classes do not support it; other classes have it
  #checkov:skip=CKV_AWS_354:Encrypted with the AWS managed key
  #checkov:skip=CKV_AWS_118:The metrics of the instance suffice for the alarms
  #checkov:skip=CKV_AWS_226:Minor versions are upgraded by a release, outside sales

  # Number 0 is created first and becomes the writer. A failover can move that role to another instance.
  count = 1 + var.database_readers

  identifier                 = "${local.name}-${count.index}"
  cluster_identifier         = aws_rds_cluster.main.id
  engine                     = aws_rds_cluster.main.engine
  engine_version             = aws_rds_cluster.main.engine_version
  instance_class             = var.database_instance_class
  db_subnet_group_name       = aws_db_subnet_group.main.name
  availability_zone          = local.zones[var.zones[count.index % 2]].name
  promotion_tier             = count.index
  publicly_accessible        = false
  auto_minor_version_upgrade = false
  # Retained for 7 days free of charge. Burstable classes do not support it.
  performance_insights_enabled = !local.burstable_database

  # One half of the cluster's window each, so that a writer and its reader do not restart together.
  preferred_maintenance_window = count.index % 2 == 0 ? local.database_maintenance_halves[0] : local.database_maintenance_halves[1]

  lifecycle {
    # A restored instance, or one that AWS created again, keeps its zone. Another zone would replace it.
    ignore_changes = [availability_zone]
  }
}
