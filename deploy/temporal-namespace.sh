#!/bin/sh
# Creates Everlatch's namespace if it does not exist.
set -eu
for _ in $(seq 60); do
	if temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
		exit 0
	fi
	temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention 72h >/dev/null 2>&1 || sleep 1
done
echo "namespace $TEMPORAL_NAMESPACE could not be created" >&2
exit 1
