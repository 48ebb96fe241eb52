#!/bin/sh
# Start Redis with the password of a secret file, which would show among a process's arguments.
# Every message survives a restart, and a full server refuses instead of forgetting.
set -eu
password=$(cat "$REDIS_PASSWORD_FILE")
exec redis-server - "$@" <<CONFIGURATION
requirepass ${password:?the secret redis_password is empty}
dir $REDIS_DATA_DIR
appendonly yes
save ""
maxmemory-policy noeviction
CONFIGURATION
