# Reads a .tfvars file for the tests, because a test cannot load one.

terraform {
  required_providers {
    terraform = { source = "terraform.io/builtin/terraform" }
  }
}

variable "file" {
  type = string
}

output "values" {
  value = provider::terraform::decode_tfvars(file(var.file))
}
