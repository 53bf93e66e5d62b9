#!/usr/bin/env bash
# Runs a command beside a throw-away PostgreSQL:
#
#   tools/postgres.sh go test ./org/...
#
# The command finds the server's URL in LACHAN_TEST_PG. The cluster lives in a
# temporary folder, listens on a socket in that folder and on no network, and
# is stopped and removed when the command ends, however it ends.
#
# PostgreSQL refuses to run as root: then it runs as the system user
# lachan-test, which is created when absent. Nothing here asks the server to
# survive a power cut, so fsync is off; what must survive is tested elsewhere,
# by killing the hub and not the disk.
set -euo pipefail

if [ $# -eq 0 ]; then
	echo "usage: tools/postgres.sh COMMAND..." >&2
	exit 2
fi

bin=
if command -v initdb >/dev/null 2>&1; then
	bin=$(dirname "$(command -v initdb)")
else
	for d in /usr/lib/postgresql/*/bin; do
		[ -x "$d/initdb" ] && bin=$d # the last is the newest
	done
fi
if [ -z "$bin" ]; then
	echo "postgres.sh: no PostgreSQL found; run tools/install.sh, or: apt-get install postgresql" >&2
	exit 2
fi

run=()
dir=$(mktemp -d /tmp/lachan-pg.XXXXXX)
if [ "$(id -u)" -eq 0 ]; then
	user=lachan-test
	if ! id "$user" >/dev/null 2>&1; then
		useradd --system --no-create-home --shell /usr/sbin/nologin "$user"
	fi
	chown "$user" "$dir"
	run=(runuser -u "$user" --)
fi

stop() {
	status=$?
	trap - EXIT INT TERM
	if [ -f "$dir/data/postmaster.pid" ]; then
		(cd / && "${run[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null) || true
	fi
	rm -rf "$dir"
	exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# From / because the unprivileged user may not enter the folder we stand in.
(cd / && "${run[@]}" "$bin/initdb" -D "$dir/data" -U lachan -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1) || {
	cat "$dir/log" >&2
	exit 2
}
cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
CONF
(cd / && "${run[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 start >>"$dir/log" 2>&1) || {
	cat "$dir/log" "$dir/data/server.log" >&2
	exit 2
}

export LACHAN_TEST_PG="postgres://lachan@/postgres?host=$dir&sslmode=disable"
"$@"
