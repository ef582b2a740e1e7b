#!/usr/bin/env bash
# Follows one ticket over a WebSocket until it is final.
#
#   ticket-socket.sh TICKET_ID
#
# with TICKETING_URL, TICKETING_SOCKETS (the notifier, ws://...), TICKETING_EMAIL and
# TICKETING_PASSWORD in the environment. Prints each frame. Exit code 0: the ticket is final. 1: it is
# unknown, or the sign-in is refused. 2: no final state in time. Needs bash, jq and curl.
#
# curl 8.11 or later supports WebSocket. An older curl requests the upgrade and prints the raw stream,
# in which this script skips the frame headers. It responses no pings, so the server closes the
# connection after a minute, and the script connects again.
set -euo pipefail
export LC_ALL=C

ticket=$1
max_attempts=20
token=

sign_in() {
  local response status
  response=$(curl -sS --connect-timeout 5 --max-time 30 -w '\n%{http_code}' \
    -H 'Content-Type: application/json' \
    -d "$(jq -n '{email: env.TICKETING_EMAIL, password: env.TICKETING_PASSWORD}')" \
    "$TICKETING_URL/api/v1/auth/token") || return 0
  status=${response##*$'\n'}
  case $status in
    200) token=$(jq -r .accessToken <<< "${response%$'\n'*}") ;;
    4[01]? | 42[0-8]) echo "$response" >&2; exit 1 ;;
  esac
}

connect() {
  local url=$TICKETING_SOCKETS/ws/tickets/$ticket
  if curl --version | grep -Eqi '^protocols:.* wss?( |$)'; then
    exec curl -sN --connect-timeout 5 -H "Authorization: Bearer $token" "$url"
  else
    exec curl -sN --http1.1 --connect-timeout 5 -H "Authorization: Bearer $token" \
      -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
      -H "Sec-WebSocket-Key: $(head -c 16 /dev/urandom | base64)" "http${url#ws}"
  fi
}

# Only an error frame has an inner object, so each other frame ends with the next brace.
listen() {
  local part frame status
  while IFS= read -r -d '}' part; do
    case $part in
      *'{'*) ;;
      *) continue ;; # second brace of an error frame
    esac
    frame="{${part##*\{}}"
    echo "$frame"
    if [ "$(jq -r .code <<< "$frame")" != null ]; then
      # TICKET_NOT_FOUND is final. A refused handshake is not.
      [ "$(jq -r .code <<< "$frame")" != TICKET_NOT_FOUND ] || return 1
    elif [ "$(jq -r .status <<< "$frame")" != PENDING ]; then
      return 0
    fi
  done
  return 2
}

for ((failures = 0; failures < max_attempts; failures++)); do
  [ -n "$token" ] || sign_in
  if [ -n "$token" ]; then
    exec {frames}< <(connect)
    pid=$!
    code=0
    listen <&"$frames" || code=$?
    exec {frames}<&-
    kill "$pid" 2> /dev/null || true
    ((code == 2)) || exit "$code"
    token= # the token may have expired
  fi
  echo 'connection lost' >&2
  # Jitter spreads the connections of many clients.
  sleep "$((failures < 5 ? 1 << failures : 30)).$((RANDOM % 100))"
done
exit 2
