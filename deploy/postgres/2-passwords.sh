#!/bin/sh
# The passwords of the two roles, when docker compose makes the database. The roles are in 1-roles.sql.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
  -v owner="$PROPERTY_LOUNGE_OWNER_PASSWORD" -v app="$PROPERTY_LOUNGE_APP_PASSWORD" <<'SQL'
alter role property_lounge_owner password :'owner';
alter role property_lounge_app password :'app';
SQL
