#!/usr/bin/env bash
# Installs what `make test` needs besides Go and make, from the distribution,
# and only what is absent: a C compiler for the race detector, PostgreSQL for
# the second database, Chromium for the tests that use the pages, strace, and
# the name servers and clients of others that ours is tried with.
set -euo pipefail

missing=()
command -v gcc >/dev/null 2>&1 || missing+=(gcc libc6-dev)
if ! command -v initdb >/dev/null 2>&1 && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
	missing+=(postgresql)
fi
if ! command -v chromium >/dev/null 2>&1 && ! command -v chromium-browser >/dev/null 2>&1 &&
	! command -v google-chrome >/dev/null 2>&1; then
	missing+=(chromium)
fi
# strace shows that the sync comes before the acknowledgement.
command -v strace >/dev/null 2>&1 || missing+=(strace)
# BIND, NSD, Unbound and dnsdist are run by tests as programs of their own, never as services.
command -v dig >/dev/null 2>&1 || missing+=(bind9-dnsutils)
command -v kdig >/dev/null 2>&1 || missing+=(knot-dnsutils)
command -v named >/dev/null 2>&1 || [ -x /usr/sbin/named ] || missing+=(bind9)
for server in nsd unbound dnsdist; do
	command -v "$server" >/dev/null 2>&1 || [ -x "/usr/sbin/$server" ] || missing+=("$server")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "install.sh: this system has no apt-get; please install by its own means: ${missing[*]}" >&2
	exit 1
fi
as=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "install.sh: please run as root: apt-get install ${missing[*]}" >&2
		exit 1
	fi
	as=(sudo)
fi
echo "install.sh: installing ${missing[*]}"
"${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
"${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
