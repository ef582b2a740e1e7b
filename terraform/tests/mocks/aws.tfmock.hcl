# Attributes that are unknown in a plan and read by the configuration, in the format of AWS.

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_ssm_parameter" {
  defaults = { insecure_value = "ami-0123456789abcdef0" }
}

mock_data "aws_ami" {
  defaults = { architecture = "arm64" }
}

mock_data "aws_lb_hosted_zone_id" {
  defaults = { id = "Z35SXDOTRQ7X7K" }
}

mock_resource "aws_vpc" {
  defaults = { id = "vpc-0123456789abcdef0" }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/ticketing/50dc6c495c0c9188"
    arn_suffix = "app/ticketing/50dc6c495c0c9188"
    dns_name   = "ticketing-1234567890.ap-northeast-2.elb.amazonaws.com"
    zone_id    = "ZWKZPGTI48KDX"
  }
}

mock_resource "aws_lb_listener" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener/app/ticketing/50dc6c495c0c9188/f2f7dc8efc522ab2"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/ticketing/6d0ecf831eec9f09"
    arn_suffix = "targetgroup/ticketing/6d0ecf831eec9f09"
  }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    domain_validation_options = [
      {
        domain_name           = "tickets.example.com"
        resource_record_name  = "_a79865eb4cd1a6ab990a45779b4e0b96.tickets.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_424c7224e9b0146f9a8808af955727d0.acm-validations.aws."
      },
      {
        domain_name           = "us.tickets.example.com"
        resource_record_name  = "_b79865eb4cd1a6ab990a45779b4e0b96.us.tickets.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_524c7224e9b0146f9a8808af955727d0.acm-validations.aws."
      },
    ]
  }
}

mock_resource "aws_acm_certificate_validation" {
  defaults = {
    certificate_arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings"
    id  = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/ticketing-bookings"
    url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/ticketing-bookings"
  }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:ap-northeast-2:123456789012:ticketing-alarms" }
}

mock_resource "aws_rds_cluster" {
  defaults = {
    arn             = "arn:aws:rds:ap-northeast-2:123456789012:cluster:ticketing"
    endpoint        = "ticketing.cluster-c1234567890.ap-northeast-2.rds.amazonaws.com"
    reader_endpoint = "ticketing.cluster-ro-c1234567890.ap-northeast-2.rds.amazonaws.com"
    master_user_secret = [{
      kms_key_id    = "arn:aws:kms:ap-northeast-2:123456789012:key/12345678-1234-1234-1234-123456789012"
      secret_arn    = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!cluster-database-AbCdEf"
      secret_status = "active"
    }]
  }
}

mock_resource "aws_elasticache_replication_group" {
  defaults = {
    arn                            = "arn:aws:elasticache:ap-northeast-2:123456789012:replicationgroup:ticketing-redis"
    primary_endpoint_address       = "master.ticketing-redis.abc123.apn2.cache.amazonaws.com"
    reader_endpoint_address        = "replica.ticketing-redis.abc123.apn2.cache.amazonaws.com"
    configuration_endpoint_address = "clustercfg.ticketing-redis.abc123.apn2.cache.amazonaws.com"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/secret-AbCdEf" }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:ap-northeast-2:123456789012:repository/ticketing/service"
    repository_url = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/ticketing/service"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:/ticketing/service" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/ticketing" }
}

mock_resource "aws_iam_policy" {
  defaults = { arn = "arn:aws:iam::123456789012:policy/ticketing" }
}

mock_resource "aws_iam_instance_profile" {
  defaults = { arn = "arn:aws:iam::123456789012:instance-profile/ticketing" }
}

mock_resource "aws_autoscaling_policy" {
  defaults = { arn = "arn:aws:autoscaling:ap-northeast-2:123456789012:scalingPolicy:12345678-1234-1234-1234-123456789012:autoScalingGroupName/ticketing:policyName/ticketing" }
}

mock_resource "aws_launch_template" {
  defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
}

mock_resource "aws_backup_vault" {
  defaults = { arn = "arn:aws:backup:ap-northeast-2:123456789012:backup-vault:ticketing-before-changes" }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::ticketing-posters-123456789012-ap-northeast-2" }
}
