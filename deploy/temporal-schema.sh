#!/bin/sh
# Creates Temporal's two databases, or brings them to the version of the image.
set -eu
tool() {
	temporal-sql-tool --plugin postgres12_pgx --ep postgres -p 5432 -u temporal "$@"
}
for db in temporal temporal_visibility; do
	schema=/etc/temporal/schema/postgresql/v12/${db#temporal_}/versioned
	tool --db "$db" create
	# Refuses a database that has its tables already, which is no error here.
	tool --db "$db" setup-schema -v 0.0 || echo "$db has a schema already"
	tool --db "$db" update-schema -d "$schema"
done
