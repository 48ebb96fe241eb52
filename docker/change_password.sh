#!/bin/sh
# Tell PostgreSQL the password that its secret file holds now; no process shows it.
set -eu
. "$(dirname "$0")/password.sh"
read_password "$POSTGRES_PASSWORD_FILE"
exec psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --quiet --set ON_ERROR_STOP=1 <<'SQL'
\set password `cat "$POSTGRES_PASSWORD_FILE"`
ALTER ROLE CURRENT_USER PASSWORD :'password';
SQL
