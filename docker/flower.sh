#!/bin/sh
# Start Flower behind the login in a secret file, and never without one.
set -eu
FLOWER_BASIC_AUTH=$(cat "$FLOWER_LOGIN_FILE")
: "${FLOWER_BASIC_AUTH:?the secret flower_login is empty}"
export FLOWER_BASIC_AUTH
exec runner flower --address 0.0.0.0 "$@"
