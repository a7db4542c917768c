# The settings of an example program, for a shell. From the root of the
# repository, in every terminal but the one of `everlatch dev`:
#
#   . examples/env.sh
#
# The database and the secrets are kept in .everlatch/guide, which git ignores.
# To begin anew, stop the programs, `rm -r .everlatch/guide`, and source it again.

guide=$PWD/.everlatch/guide
(
	umask 077
	mkdir -p "$guide"
	[ -f "$guide/secrets.env" ] || cat >"$guide/secrets.env" <<-SECRETS
		JWT_SECRET=$(openssl rand -hex 32)
		COOKIE_SECRET=$(openssl rand -hex 32)
		EVERLATCH_ENCRYPTION_KEYS=k1:$(openssl rand -base64 32)
	SECRETS
)
set -a # export what follows
. "$guide/secrets.env"
DATABASE_URL=sqlite://$guide/everlatch.db
# The Temporal server of `everlatch dev`, whose own worker listens to another queue.
TEMPORAL_ADDRESS=127.0.0.1:7233
EVERLATCH_TEMPORAL_TASK_QUEUE=guide
set +a
