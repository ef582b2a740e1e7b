# The role has two AWS-managed policies and the service's own statements. The managed policies grant access to every
# repository and log group of the account. A permissions boundary limits the role to those of this service.

locals {
  service_statements = [for statement in var.statements : {
    Sid      = statement.sid
    Effect   = "Allow"
    Action   = statement.actions
    Resource = statement.resources
  }]

  secret_statements = length(var.secrets) == 0 ? [] : [{
    Sid      = "ReadSettings"
    Effect   = "Allow"
    Action   = ["secretsmanager:GetSecretValue"]
    Resource = sort(distinct(values(var.secrets)))
  }]

  # Condition on the name of the group, because the role must exist before the group has an id.
  group_arn = "arn:${local.partition}:autoscaling:${var.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/${local.full_name}"

  lifecycle_statements = [{
    Sid      = "ReportItsOwnState"
    Effect   = "Allow"
    Action   = ["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceHealth"]
    Resource = [local.group_arn]
  }]

  own_policy = {
    Version   = "2012-10-17"
    Statement = concat(local.lifecycle_statements, local.secret_statements, local.service_statements)
  }

  boundary = {
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "LogInToRegistry" # cannot be narrowed to a repository
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Sid      = "PullItsOwnImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [aws_ecr_repository.this.arn]
      },
      {
        Sid      = "WriteItsOwnLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [aws_cloudwatch_log_group.this.arn, "${aws_cloudwatch_log_group.this.arn}:*"]
      },
      {
        Sid       = "WriteItsMetrics" # narrowed by namespace: metrics have no ARN
        Effect    = "Allow"
        Action    = ["cloudwatch:PutMetricData"]
        Resource  = ["*"]
        Condition = { StringEquals = { "cloudwatch:namespace" = "Ticketing" } }
      },
      ],
      var.session_manager ? [{
        Sid    = "OpenShell" # session channels have no ARN
        Effect = "Allow"
        Action = [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = ["*"]
      }] : [],
      local.own_policy.Statement,
    )
  }

  managed_policies = concat(
    ["AmazonEC2ContainerRegistryReadOnly", "CloudWatchAgentServerPolicy"],
    var.session_manager ? ["AmazonSSMManagedInstanceCore"] : [],
  )
}

resource "aws_iam_role" "this" {
  name                 = var.role_name
  permissions_boundary = aws_iam_policy.boundary.arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_policy" "boundary" {
  name        = "${local.full_name}-boundary${var.global_suffix}"
  description = "The most that ${var.name} may ever do"
  policy      = jsonencode(local.boundary)
}

resource "aws_iam_role_policy_attachment" "managed" {
  for_each = toset(local.managed_policies)

  role       = aws_iam_role.this.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.key}"
}

resource "aws_iam_role_policy" "service" {
  name   = local.full_name
  role   = aws_iam_role.this.id
  policy = jsonencode(local.own_policy)
}

resource "aws_iam_instance_profile" "this" {
  name = var.role_name
  role = aws_iam_role.this.name
}
