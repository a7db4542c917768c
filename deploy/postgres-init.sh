#!/bin/sh
# Runs once, on a new PostgreSQL volume: creates a role for Temporal that cannot
# read Everlatch's tables.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$TEMPORAL_POSTGRES_PASSWORD" -U "$POSTGRES_USER" -d postgres <<'SQL'
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'password';
REVOKE CONNECT ON DATABASE everlatch FROM PUBLIC;
SQL
