# Migration task: an instance that migrates the schema as the owner of the database, and ends. The release script starts
# it ahead of the first refresh. The services have an account that cannot change the schema.

resource "aws_secretsmanager_secret" "database" {
  #checkov:skip=CKV_AWS_149:Encrypted with the AWS managed key
  #checkov:skip=CKV2_AWS_57:A rotation requires the migration task, which sets the password

  name        = "${local.name}/database-account"
  description = "Database account of the services; the migration task generates its password"
}

resource "aws_cloudwatch_log_group" "migration" {
  #checkov:skip=CKV_AWS_158:Encrypted with the key of CloudWatch
  #checkov:skip=CKV_AWS_338:Retention is a setting

  name              = "/${local.name}/migration"
  retention_in_days = var.log_retention_days
}

locals {
  migration_user_data = templatefile("${path.module}/migration.sh.tftpl", {
    region         = var.region
    registry       = split("/", module.ingress_api.repository_url)[0]
    image          = "${module.ingress_api.repository_url}:${var.image_tag}"
    log_group      = aws_cloudwatch_log_group.migration.name
    account_secret = aws_secretsmanager_secret.database.arn
    prepare_script = file("${path.module}/modules/service/scripts/prepare.sh")
    migrate_script = file("${path.module}/scripts/migrate.sh")
    environment = {
      SPRING_PROFILES_ACTIVE        = "aws"
      AWS_REGION                    = var.region
      TICKETING_DATABASE_URL        = local.database_url
      TICKETING_DATABASE_SECRET_ARN = local.database_owner_secret_arn
      TICKETING_DATABASE_POOL       = "2"
      TICKETING_MIGRATION_MODE      = "TASK"
    }
  })

  migration_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LogInAndGeneratePassword" # neither action has a resource
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken", "secretsmanager:GetRandomPassword"]
        Resource = ["*"]
      },
      {
        Sid      = "PullImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [module.ingress_api.repository_arn]
      },
      {
        Sid      = "WriteItsOwnLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [aws_cloudwatch_log_group.migration.arn, "${aws_cloudwatch_log_group.migration.arn}:*"]
      },
      {
        Sid      = "ReadDatabasePasswords"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [local.database_owner_secret_arn, aws_secretsmanager_secret.database.arn]
      },
      {
        Sid      = "WriteAccountOfServices"
        Effect   = "Allow"
        Action   = ["secretsmanager:PutSecretValue"]
        Resource = [aws_secretsmanager_secret.database.arn]
      },
      {
        Sid      = "ReportItsResult"
        Effect   = "Allow"
        Action   = ["ec2:CreateTags"]
        Resource = ["arn:aws:ec2:${var.region}:${local.account}:instance/*"]
        Condition = {
          StringEquals                = { "aws:ResourceTag/Name" = "${local.name}-migration" }
          "ForAllValues:StringEquals" = { "aws:TagKeys" = ["ticketing:result"] }
        }
      },
    ]
  }
}

resource "aws_iam_role" "migration" {
  name = "${local.name}-migration-role${local.global_suffix}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "migration" {
  name   = "${local.name}-migration"
  role   = aws_iam_role.migration.id
  policy = jsonencode(local.migration_policy)
}

resource "aws_iam_instance_profile" "migration" {
  name = aws_iam_role.migration.name
  role = aws_iam_role.migration.name
}

resource "aws_launch_template" "migration" {
  #checkov:skip=CKV_AWS_341:The container needs the second hop for its credentials

  name                                 = "${local.name}-migration"
  image_id                             = var.ami_id
  instance_type                        = var.ingress_api.instance_type
  vpc_security_group_ids               = [aws_security_group.ec2.id]
  instance_initiated_shutdown_behavior = "terminate"
  update_default_version               = true
  user_data                            = base64encode(local.migration_user_data)

  iam_instance_profile {
    arn = aws_iam_instance_profile.migration.arn
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop to the host, a second hop into the container's network.
    http_put_response_hop_limit = 2
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = 8
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]
    content {
      resource_type = tag_specifications.value
      tags          = { Name = "${local.name}-migration", Project = local.name }
    }
  }
}
