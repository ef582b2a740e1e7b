# Reads a .tfvars file for the tests, which can load none by themselves.

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
