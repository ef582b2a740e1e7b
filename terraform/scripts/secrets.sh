#!/bin/bash
# Prints the stored values of cache_token and ticket_key as variables of Terraform: eval "$(terraform/scripts/secrets.sh)"
# A secret without a value gets a generated one, which the next apply stores. `secrets.sh new cache_token` generates a
# new token for a higher cache_token_version.
set -euo pipefail

project=ticketing
[ $# = 0 ] || { [ $# = 2 ] && [ "$1" = new ] && [[ $2 = cache_token || $2 = ticket_key ]]; } || {
  echo 'usage: secrets.sh [new cache_token|ticket_key]' >&2
  exit 2
}

generate() {
  aws secretsmanager get-random-password --password-length 64 --exclude-punctuation --query RandomPassword --output text
}

# Only a missing value is generated. Another error must not replace a value that is in use.
stored() {
  local value
  if value=$(aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text 2>&1); then
    printf '%s' "$value"
  elif [[ $value = *ResourceNotFoundException* ]]; then
    generate
  else
    echo "cannot read secret, secret=$1 error=$value" >&2
    return 1
  fi
}

for pair in cache_token=redis ticket_key=ticket-key; do
  name=${pair%=*}
  if [ "${2:-}" = "$name" ]; then value=$(generate); else value=$(stored "$project/${pair#*=}"); fi
  [[ $value =~ ^[0-9A-Za-z]{32,128}$ ]] || { echo "unexpected value, secret=$project/${pair#*=}" >&2; exit 1; }
  printf 'export TF_VAR_%s=%s\n' "$name" "$value"
done
