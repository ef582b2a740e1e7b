#!/bin/bash
# Runs before each start: fetches the image, and reads the secrets into memory. Without the registry, a local
# image is sufficient. Fails if a secret cannot be read completely; systemd then starts it again.
set -euo pipefail
umask 077

etc=${TICKETING_ETC:-/etc/ticketing}
run=${TICKETING_RUN:-/run/ticketing}
. "$etc/instance.env"

fail() {
  echo "$1" >&2
  exit 1
}

fetch_image() {
  aws ecr get-login-password --region "$REGION" |
    docker login --username AWS --password-stdin "$REGISTRY" &&
    docker pull --quiet "$IMAGE"
}

# An empty or truncated value would start a process that never reaches its dependency.
read_secret() {
  local attempt value
  for attempt in 1 2 3 4 5; do
    if value=$(aws secretsmanager get-secret-value --region "$2" --secret-id "$1" --query SecretString --output text) &&
      [ -n "$value" ] && [ "$value" != None ]; then
      case $value in *$'\n'*) fail "secret has more than one line, secret=$1" ;; esac
      printf '%s' "$value"
      return
    fi
    sleep 2
  done
  fail "cannot read secret, secret=$1"
}

# The log stream has the name of the instance.
instance_id() {
  local token
  token=$(curl -sf -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token) &&
    curl -sf -m 2 -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id
}

fetch_image || docker image inspect "$IMAGE" >/dev/null || fail "no image, image=$IMAGE"

mkdir -p "$run"
id=$(instance_id) || id=''
printf 'INSTANCE_ID=%s\n' "${id:-$HOSTNAME}" >"$run/instance"
: >"$run/secrets.new"
while read -r name arn; do
  [ -n "$name" ] || continue
  value=$(read_secret "$arn" "$(cut -d: -f4 <<<"$arn")")
  printf '%s=%s\n' "$name" "$value" >>"$run/secrets.new"
done <"$etc/secrets"
mv "$run/secrets.new" "$run/secrets.env"
