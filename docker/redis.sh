#!/bin/sh
# Start Redis with the password of a secret file, of which it is told the hash: a process's arguments
# would show it, and in the configuration a quote or a space would mean something.
# Every message survives a restart, and a full server refuses instead of forgetting.
set -eu
. "$(dirname "$0")/password.sh"
read_password "$REDIS_PASSWORD_FILE"
hash=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
exec redis-server - "$@" <<CONFIGURATION
user default on #$hash ~* &* +@all
dir $REDIS_DATA_DIR
appendonly yes
save ""
maxmemory-policy noeviction
CONFIGURATION
