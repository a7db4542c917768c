#!/usr/bin/env bash
# A throw-away cluster on this machine: PostgreSQL, a Temporal server on it and Everlatch,
# to be measured.
#
#   bench/cluster.sh up [WORKERS]   serve in one process; or, with WORKERS, an API and as many workers
#   bench/cluster.sh pids           the processes of Everlatch, for -pids
#   bench/cluster.sh database       the URL of Everlatch's database, for bench/fill
#   bench/cluster.sh written        WAL position, and the sizes of Temporal's databases
#   bench/cluster.sh tables         the sizes of Everlatch's tables, with their indexes
#   bench/cluster.sh flows          how many workflows of each type there are, and their events
#   bench/cluster.sh down
#
# The API is on 127.0.0.1:9200. STOCK=1 leaves out what deploy/ changes of Temporal's schema
# and settings. PostgreSQL's programs are found in PATH or where Debian puts them; as root
# it runs as the user postgres.
set -euo pipefail
cd "$(dirname "$0")/.."
dir="${EVERLATCH_BENCH_DIR:-/tmp/everlatch-bench}"
unset EVERLATCH_BENCH_DIR # Everlatch refuses variables of its own that it does not know
pg=54390 temporal=7390
database="postgres://postgres@127.0.0.1:$pg/everlatch?sslmode=disable"

PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)"
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
sql() { as_postgres psql -h 127.0.0.1 -p $pg -U postgres -qAt -v ON_ERROR_STOP=1 "$@"; }

postgres_up() {
	mkdir -p "$dir/pg"
	[ "$(id -u)" != 0 ] || { chmod 755 "$dir"; chown postgres "$dir/pg"; }
	as_postgres initdb -D "$dir/pg/data" -U postgres -A trust >/dev/null
	# No checkpoint within a measurement: the first change of each page after one is logged whole.
	as_postgres pg_ctl -D "$dir/pg/data" -s -w -l "$dir/pg/log" \
		-o "-p $pg -k '' -c shared_buffers=1GB -c max_wal_size=8GB -c checkpoint_timeout=1h -c max_connections=300" start
	sql -c 'CREATE DATABASE everlatch' -c 'CREATE DATABASE temporal' -c 'CREATE DATABASE temporal_visibility'
}

temporal_environment() {
	export DB=postgres12_pgx POSTGRES_SEEDS=127.0.0.1 DB_PORT=$pg POSTGRES_USER=postgres POSTGRES_PWD=
	export BIND_ON_IP=127.0.0.1 NUM_HISTORY_SHARDS=4 LOG_LEVEL=error
	export FRONTEND_GRPC_PORT=$temporal FRONTEND_HTTP_PORT=7391 MATCHING_GRPC_PORT=7392 HISTORY_GRPC_PORT=7393 WORKER_GRPC_PORT=7394
	DYNAMIC_CONFIG_FILE_PATH="$PWD/deploy/temporal-dynamic.yaml"
	[ -z "${STOCK:-}" ] || { DYNAMIC_CONFIG_FILE_PATH="$dir/empty.yaml" && : >"$dir/empty.yaml"; }
	export DYNAMIC_CONFIG_FILE_PATH
}

everlatch_environment() {
	export DATABASE_URL="$database" TEMPORAL_ADDRESS=127.0.0.1:$temporal EVERLATCH_LOG_FORMAT=text EVERLATCH_HTTP_DRAIN_DELAY=0
	JWT_SECRET="$(openssl rand -base64 48)" COOKIE_SECRET="$(openssl rand -base64 48)" EVERLATCH_ENCRYPTION_KEYS="bench:$(openssl rand -base64 32)"
	export JWT_SECRET COOKIE_SECRET EVERLATCH_ENCRYPTION_KEYS
}

start() { # NAME COMMAND…
	local name=$1
	shift
	"$@" >"$dir/$name.log" 2>&1 &
	echo $! >>"$dir/pids"
	[ "$name" = temporal ] || echo $! >>"$dir/everlatch"
}

wait_for() {
	for _ in $(seq 120); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.5
	done
	echo "not ready after a minute: $*; see $dir" >&2
	exit 1
}

up() {
	[ ! -e "$dir" ] || { echo "$dir exists: bench/cluster.sh down" >&2; exit 1; }
	mkdir -p "$dir"
	go build -o "$dir/temporalserver" ./e2e/temporalserver
	go build -tags noembedded -o "$dir/bin" ./cmd/everlatch
	postgres_up
	(temporal_environment && "$dir/temporalserver" schema)
	[ -n "${STOCK:-}" ] || sql -d temporal_visibility -f - <deploy/temporal-visibility.sql
	(temporal_environment && start temporal "$dir/temporalserver" start)
	everlatch_environment
	"$dir/bin" migrate up
	wait_for "$dir/bin" temporal setup
	if [ -n "${1:-}" ]; then
		for i in $(seq "$1"); do EVERLATCH_WORKER_HEALTH_ADDRESS=127.0.0.1:$((9210 + i)) start "worker$i" "$dir/bin" worker; done
		start api "$dir/bin" api --http 127.0.0.1:9200
	else
		start serve "$dir/bin" serve --http 127.0.0.1:9200
	fi
	wait_for curl -sf http://127.0.0.1:9200/ready
}

down() {
	[ ! -f "$dir/pids" ] || kill $(cat "$dir/pids") 2>/dev/null || true
	[ ! -d "$dir/pg/data" ] || as_postgres pg_ctl -D "$dir/pg/data" -s -m immediate stop || true
	rm -rf "$dir"
}

case "${1:-}" in
up) up "${2:-}" ;;
pids) paste -sd, "$dir/everlatch" ;;
database) echo "$database" ;;
written)
	sql -c "SELECT 'wal_bytes', pg_current_wal_insert_lsn() - '0/0'"
	for name in temporal temporal_visibility; do
		sql -d "$name" -c "SELECT '$name', SUM(pg_total_relation_size(c.oid)) FROM pg_class c
			JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'"
	done
	;;
tables)
	sql -d everlatch -F ' ' -c "SELECT pg_total_relation_size(c.oid), c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1 DESC LIMIT 12"
	;;
flows)
	sql -d temporal_visibility -F ' ' -c "SELECT workflow_type_name, COUNT(*), ROUND(AVG(history_length), 1), ROUND(AVG(history_size_bytes))
		FROM executions_visibility GROUP BY 1 ORDER BY 1"
	;;
down) down ;;
*)
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
	exit 2
	;;
esac
