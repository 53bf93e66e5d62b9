#!/usr/bin/env bash
# The whole test of the repository, in the order in which a fault is cheapest
# to find. Ends with one plain line, "N passed, N failed, N skipped", summed
# over all stages, and fails if anything failed.
#
# LACHAN_TEST_ONLY narrows the packages ("./org/... ./duty/..."), to try the
# stages themselves. LACHAN_TEST_P sets how many packages are built and tested at once (default
# 2). Only the race detector uses cgo; everything else is built as the product
# is, with CGO_ENABLED=0.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
unset LACHAN_TEST_PG

p=${LACHAN_TEST_P:-2}
work=$(mktemp -d)
tally=$work/tally
: >"$tally"
failed=0
trap 'rm -rf "$work"' EXIT
go build -o "$work/counttests" ./tools/counttests

# stage NAME COMMAND... runs one stage and says how long it took.
stage() {
	local name=$1 started=$SECONDS
	shift
	echo "== $name"
	"$@" || failed=1
	echo "== $name: $((SECONDS - started)) s"
}

# plain COMMAND... counts a command as one case.
plain() {
	if "$@"; then
		echo "1 0 0" >>"$tally"
	else
		echo "0 1 0" >>"$tally"
		return 1
	fi
}

# counted NAME COMMAND... counts the cases of a `go test -json`. With pipefail
# either fault stops the stage: the command's own, or one that was counted.
counted() {
	local name=$1
	shift
	"$@" 2>&1 | "$work/counttests" -stage "$name" -tally "$tally"
}

# generated writes every generated file again and wants no difference.
generated() {
	if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		echo "not a clone: go generate is run, and nothing to compare with"
		go generate ./...
		return
	fi
	local before after
	before=$(state)
	go generate ./...
	after=$(state)
	if [ "$before" != "$after" ]; then
		echo "generated files were not current; commit what make generate writes:"
		diff <(echo "$before") <(echo "$after") || true
		return 1
	fi
}

# state is one line for each file that differs from the last commit.
state() {
	git ls-files --modified --others --exclude-standard -z | sort -zu | while IFS= read -r -d '' f; do
		[ -f "$f" ] && sha256sum "$f"
	done || true
}

# shellcheck disable=SC2086 # the lists below are meant to be split
only=${LACHAN_TEST_ONLY:-./...}
all=$(go list $only)
system=$(grep '^lachan/test/' <<<"$all" || true)
parts=$(grep -v -e '^lachan/test/' -e '^lachan$' <<<"$all" || true)
# The longest come first: what begins last is waited for by one core alone.
longest() {
	local first
	first=$(grep -x -e lachan/web -e lachan/duty/detection -e lachan/hub/demo -e lachan/duty/schools <<<"$1" | sort -r || true)
	printf '%s\n' $first
	grep -vxF -f <(printf '%s\n' $first) <<<"$1" || true
}
[ -z "$parts" ] || parts=$(longest "$parts")
# The store suites are the packages whose tests open a database by testkit.
stores=
if [ -n "$parts" ]; then
	stores=$(go list -f '{{.ImportPath}} {{.Dir}} {{.TestImports}} {{.XTestImports}}' $parts |
		awk '/lachan\/internal\/testkit[] ]/ {print $1, $2}' |
		while read -r pkg dir; do
			# Some ask testkit only whether the race detector watches.
			if grep -qE 'testkit\.(DB|URL|Open)\(' "$dir"/*_test.go 2>/dev/null; then echo "$pkg"; fi
		done)
fi

# SQLite is C turned into Go: its pages lie outside Go's memory, where the race
# detector sees nothing, and checkptr examines its every access to them. They
# made half the time of a test with a database. The driver above it, and all
# else, stay watched.
watched=(-race
	"-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0"
	"-gcflags=modernc.org/libc/...=-race=false -d=checkptr=0")

stage "vet" plain go vet $only
stage "law references" plain go run ./tools/lawref -check
stage "generated files are current" plain generated
stage "rules of the repository" counted rules go test -json -vet=off -count=1 .
if [ -n "$parts" ]; then
	stage "every package, race detector, SQLite" counted race \
		env CGO_ENABLED=1 go test -json -vet=off -p "$p" "${watched[@]}" -shuffle=on -timeout 20m $parts
fi
if [ -n "$stores" ]; then
	stage "store suites, race detector, PostgreSQL" counted postgres \
		tools/postgres.sh env CGO_ENABLED=1 go test -json -vet=off -p "$p" "${watched[@]}" -shuffle=on -timeout 20m $stores
fi
# What the race detector's stages cut (testkit.Race), whole.
if grep -qx lachan/duty/schools <<<"$parts"; then
	stage "lists at size" counted lists go test -json -vet=off -count=1 -run '^TestEverySharedList' ./duty/schools
fi
if grep -qx lachan/internal/pdq <<<"$parts"; then
	stage "pictures, whole" counted pictures go test -json -vet=off -count=1 ./internal/pdq
fi
if grep -qx lachan/internal/vntext/learn <<<"$parts" && grep -qx lachan/internal/vntext/signs <<<"$parts"; then
	stage "training, whole" counted training go test -json -vet=off -count=1 -run 'OnThienIT84|CanBeMadeAgain' ./internal/vntext/learn ./internal/vntext/signs
fi
if grep -qx lachan/duty/detection/crawl <<<"$parts"; then
	stage "a site of ten thousand pages" counted site go test -json -vet=off -count=1 \
		-run '^(TestClause_2_ASite|TestPagesMade|TestClause_5_2_AScan)' ./duty/detection/crawl ./duty/detection
fi
if grep -qx lachan/internal/media <<<"$parts"; then
	stage "pictures of strangers, with limits on memory" counted media go test -json -vet=off -count=1 ./internal/media/...
fi
if grep -qx lachan/duty/detection <<<"$parts" && grep -qx lachan/web <<<"$parts" && grep -qx lachan/hub/demo <<<"$parts"; then
	stage "many verdicts, many tours" counted many go test -json -vet=off -count=1 -run 'Model|Candidate|Learn|TourMissesEachArrow' \
		./duty/detection ./web ./hub/demo
	stage "many verdicts, PostgreSQL" counted verdicts tools/postgres.sh go test -json -vet=off -count=1 -run 'Model|Candidate|Learn' ./duty/detection
fi
if [ -n "$system" ]; then
	stage "the whole system: pages, kills, two hubs" counted system \
		tools/postgres.sh go test -json -vet=off -p 1 -count=1 -timeout 30m $system
fi

echo "== all stages: $SECONDS s"
"$work/counttests" -sum -tally "$tally" || failed=1
exit "$failed"
