# tflint --recursive --chdir=terraform
plugin "terraform" {
  enabled = true
  preset  = "all"
}

plugin "aws" {
  enabled = true
  version = "0.40.0"
  source  = "github.com/terraform-linters/tflint-ruleset-aws"
}

rule "terraform_standard_module_structure" {
  # One file for each concern instead of main.tf, variables.tf and outputs.tf.
  enabled = false
}
