terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.66.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Project = local.name }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name    = "ticketing"
  account = data.aws_caller_identity.current.account_id
  # IAM is global, so the roles of a second region have other names.
  global_suffix = var.region == "ap-northeast-2" ? "" : "-${var.region}"
}
