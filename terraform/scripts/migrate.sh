#!/bin/bash
# Migrates the database once, reports the result as the tag ticketing:result of this instance, and ends the instance.
# The first run also generates the password of the applications' account, so that no Terraform state contains it.
set -uo pipefail

etc=${TICKETING_ETC:-/etc/ticketing}
run=${TICKETING_RUN:-/run/ticketing}
. "$etc/instance.env"

fail() {
  echo "$1" >&2
  return 1
}

retry() {
  local attempt
  for attempt in 1 2 3 4 5; do
    "$@" && return
    sleep "${TICKETING_RETRY_SECONDS:-6}"
  done
  return 1
}

# Only a secret without any value gets one. Another error must not replace a password that is in use.
ensure_account() {
  local error password
  error=$(aws secretsmanager get-secret-value --region "$REGION" --secret-id "$ACCOUNT_SECRET" --query Name 2>&1 >/dev/null) && return
  case $error in *ResourceNotFoundException*) ;; *) fail "cannot read secret, secret=$ACCOUNT_SECRET error=$error" || return ;; esac
  password=$(aws secretsmanager get-random-password --region "$REGION" --password-length 40 --exclude-punctuation \
    --query RandomPassword --output text) && [ -n "$password" ] || return
  printf '{"username":"ticketing_app","password":"%s"}' "$password" |
    aws secretsmanager put-secret-value --region "$REGION" --secret-id "$ACCOUNT_SECRET" --secret-string file:///dev/stdin >/dev/null
}

migrate() {
  ticketing-prepare || return
  . "$run/instance"
  docker run --rm --env-file "$etc/service.env" --env-file "$run/secrets.env" \
    --log-driver awslogs --log-opt "awslogs-region=$REGION" --log-opt "awslogs-group=$LOG_GROUP" --log-opt "awslogs-stream=$INSTANCE_ID" \
    --cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp "$IMAGE"
}

instance_id() {
  local token
  token=$(curl -sf -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token) &&
    curl -sf -m 2 -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id
}

result=failed
if retry ensure_account && migrate; then
  result=succeeded
fi
id=$(retry instance_id) &&
  retry aws ec2 create-tags --region "$REGION" --resources "$id" --tags "Key=ticketing:result,Value=$result"
# The launch template terminates an instance that shuts down.
shutdown -P now
[ "$result" = succeeded ]
