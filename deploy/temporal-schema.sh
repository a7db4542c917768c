#!/bin/sh
# Creates the tables in Temporal's two databases, or upgrades them to the version of
# the image. postgres-init.sql has created these.
set -eu
tool() {
	temporal-sql-tool --plugin postgres12_pgx --ep postgres -p 5432 -u temporal "$@"
}
for db in temporal temporal_visibility; do
	schema=/etc/temporal/schema/postgresql/v12/${db#temporal_}/versioned
	# Fails if the tables already exist, which is fine here.
	tool --db "$db" setup-schema -v 0.0 || echo "$db has a schema already"
	tool --db "$db" update-schema -d "$schema"
done
