locals {
  backup_days   = 7
  backup_window = format("%02d:00-%02d:30", var.night_starts_utc, var.night_starts_utc)
  snapshot_days = 30
  # Windows are in UTC. If the night of the region starts in the UTC evening, its Sunday starts on the UTC Saturday.
  maintenance_day = var.night_starts_utc < 13 ? "sun" : "sat"
}

# Vault and retention of the snapshots that an operator takes before a major change. The cluster itself makes the
# daily backup and supports recovery to any second of the last seven days (database.tf).

resource "aws_backup_vault" "snapshots" {
  #checkov:skip=CKV_AWS_166:Encrypted with the AWS managed key; a customer key costs more and protects from no other account here

  name = "${local.name}-before-changes"
}

resource "aws_backup_vault_lock_configuration" "snapshots" {
  # The vault rejects a snapshot with another retention, and prevents an early deletion.
  backup_vault_name  = aws_backup_vault.snapshots.name
  min_retention_days = local.snapshot_days
  max_retention_days = local.snapshot_days
}

resource "aws_iam_role" "backup" {
  name = "${local.name}-backup-role${local.global_suffix}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "backup.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "backup" {
  for_each = toset(["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"])

  role       = aws_iam_role.backup.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/${each.key}"
}

output "snapshot_command" {
  description = "Command that takes the snapshot before a major change. The vault deletes it after 30 days."
  value = join(" ", [
    "aws backup start-backup-job",
    "--region ${var.region}",
    "--backup-vault-name ${aws_backup_vault.snapshots.name}",
    "--resource-arn ${aws_rds_cluster.main.arn}",
    "--iam-role-arn ${aws_iam_role.backup.arn}",
    "--lifecycle DeleteAfterDays=${local.snapshot_days}",
  ])
}
