#!/bin/sh
# Runs once, when the volume of PostgreSQL is new: a role for Temporal that
# cannot read the tables of Everlatch.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$TEMPORAL_POSTGRES_PASSWORD" -U "$POSTGRES_USER" -d postgres <<'SQL'
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'password';
REVOKE CONNECT ON DATABASE everlatch FROM PUBLIC;
SQL
