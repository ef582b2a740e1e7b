#!/usr/bin/env bash
# Follows one ticket over a WebSocket until it has its final state.
#
#   ticket-socket.sh TICKET_ID
#
# with TICKETING_URL, TICKETING_SOCKETS (the notifier, ws://...), TICKETING_EMAIL and
# TICKETING_PASSWORD in the environment. Prints each frame. Exit code 0: it is final; 1: it is unknown,
# or there is no token; 2: no end in sight. Needs bash, jq and curl.
#
# A curl that speaks WebSocket (8.11 or later) is used as it is. An older one can still ask for the
# upgrade and print what comes: frame heads among the JSON, which are skipped here; it answers no
# pings, so the server drops it after a minute, and it connects again.
set -euo pipefail
export LC_ALL=C

ticket=$1
attempts=20
token=

sign_in() {
  local answer status
  answer=$(curl -sS --connect-timeout 5 --max-time 30 -w '\n%{http_code}' \
    -H 'Content-Type: application/json' \
    -d "$(jq -n '{email: env.TICKETING_EMAIL, password: env.TICKETING_PASSWORD}')" \
    "$TICKETING_URL/api/v1/auth/token") || return 0
  status=${answer##*$'\n'}
  case $status in
    200) token=$(jq -r .accessToken <<< "${answer%$'\n'*}") ;;
    4[01]? | 42[0-8]) echo "$answer" >&2; exit 1 ;;
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

# Frames of this socket have no inner objects but that of an error, so each ends with the next brace.
listen() {
  local part frame status
  while IFS= read -r -d '}' part; do
    case $part in
      *'{'*) ;;
      *) continue ;; # the second brace of an error
    esac
    frame="{${part##*\{}}"
    echo "$frame"
    if [ "$(jq -r .code <<< "$frame")" != null ]; then
      # TICKET_NOT_FOUND is final; a refused handshake is not
      [ "$(jq -r .code <<< "$frame")" != TICKET_NOT_FOUND ] || return 1
    elif [ "$(jq -r .status <<< "$frame")" != PENDING ]; then
      return 0
    fi
  done
  return 2
}

for ((failures = 0; failures < attempts; failures++)); do
  [ -n "$token" ] || sign_in
  if [ -n "$token" ]; then
    exec {frames}< <(connect)
    pid=$!
    code=0
    listen <&"$frames" || code=$?
    exec {frames}<&-
    kill "$pid" 2> /dev/null || true
    ((code == 2)) || exit "$code"
    token= # perhaps a 401, as it has expired
  fi
  echo 'connection lost' >&2
  # Not everybody at the same moment.
  sleep "$((failures < 5 ? 1 << failures : 30)).$((RANDOM % 100))"
done
exit 2
