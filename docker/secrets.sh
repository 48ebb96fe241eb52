#!/bin/sh
# Make the passwords of the deployment that do not exist yet, and name their folder in .env.
# The folder keeps other users of the host out; the files are readable, because the processes in the
# containers are not root.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p secrets

make() {
    [ -s "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"
}

make postgres_password "$(openssl rand -hex 32)"
make redis_password "$(openssl rand -hex 32)"
make flower_login "me:$(openssl rand -hex 16)"
chmod 700 secrets
chmod 644 secrets/postgres_password secrets/redis_password secrets/flower_login
grep -qs '^SECRETS_DIR=' .env || echo 'SECRETS_DIR=./secrets' >> .env
