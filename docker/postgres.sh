#!/bin/sh
# Start PostgreSQL, and say what is wrong with its password rather than start again and again.
set -eu
. "$(dirname "$0")/password.sh"
read_password "$POSTGRES_PASSWORD_FILE"
exec docker-entrypoint.sh "$@"
