#!/usr/bin/env bash
# Installs what `make test` needs besides Go and make, from the distribution,
# and only what is absent: a C compiler for the race detector, PostgreSQL for
# the second database, Chromium for the tests that use the pages, strace,
# ffmpeg, and the name servers and clients of others that ours is tried with.
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
command -v dig >/dev/null 2>&1 || missing+=(bind9-dnsutils)
command -v kdig >/dev/null 2>&1 || missing+=(knot-dnsutils)
# BIND, NSD, Unbound, dnsdist and ffmpeg are run by tests as programs of their own,
# never as services: what is installed here is not started, now or at boot.
servers=()
# ffmpeg draws the films of tests, and sees their frames.
command -v ffmpeg >/dev/null 2>&1 || servers+=(ffmpeg)
for server in named:bind9 nsd:nsd unbound:unbound dnsdist:dnsdist; do
	command -v "${server%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${server%%:*}" ] || servers+=("${server##*:}")
done
[ ${#missing[@]} -eq 0 ] && [ ${#servers[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "install.sh: this system has no apt-get; please install by its own means: ${missing[*]} ${servers[*]}" >&2
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
echo "install.sh: installing ${missing[*]} ${servers[*]}"
"${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
install() { "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"; }
[ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
[ ${#servers[@]} -eq 0 ] && exit 0

policy=/usr/sbin/policy-rc.d # asked by Debian's packages before they start a service
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | "${as[@]}" tee "$policy" >/dev/null
	"${as[@]}" chmod 755 "$policy"
	trap '"${as[@]}" rm -f "$policy"' EXIT
fi
# The tests that use them skip, and say so, where they cannot be had.
install "${servers[@]}" || echo "install.sh: not installed: ${servers[*]}; the tests with them will be skipped" >&2
if command -v systemctl >/dev/null 2>&1; then
	for server in "${servers[@]}"; do
		"${as[@]}" systemctl disable --quiet "${server/bind9/named}" 2>/dev/null || true
	done
fi
