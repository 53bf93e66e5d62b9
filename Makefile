# The whole contract of this repository. `make` lists the targets.
#
# The product is built without cgo; only `go test -race` needs it, and
# tools/test.sh sets it there and nowhere else.
export CGO_ENABLED := 0
export GOTOOLCHAIN ?= local
SHELL := /bin/bash

LDFLAGS := -s -w
LINT := bin/lint
# Packages with a benchmark; BENCH narrows, as in: make bench BENCH=Lookup
BENCH ?= .
PKG ?= ./...

.DEFAULT_GOAL := help
.PHONY: help demo build build-node-all test check bench bench-dns bench-text soak generate fmt init clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## build and run everything on this machine with sample data
	bin/lachan demo

build: ## build bin/lachan, and bin/lachan-node where it exists
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

build-node-all: ## build the school's node alone for amd64, arm64, arm (v6) and mipsle routers, into bin/node
	@mkdir -p bin/node
	@set -e; for target in amd64 arm64 arm mipsle; do \
		GOOS=linux GOARCH=$$target GOARM=6 GOMIPS=softfloat go build -trimpath -ldflags '$(LDFLAGS)' -o bin/node/lachan-node-$$target ./cmd/lachan-node; \
		ls -l bin/node/lachan-node-$$target; \
	done

test: ## all tests: both databases, race detector, browser (installs gcc, PostgreSQL, Chromium if absent)
	tools/install.sh
	tools/test.sh

check: $(LINT)/staticcheck $(LINT)/gofumpt ## format, vet, staticcheck, arrows, law references, short tests: before each commit
	@started=$$SECONDS; set -e; \
	bad=$$($(LINT)/gofumpt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$bad" ]; then echo "not formatted; run make fmt:"; echo "$$bad"; exit 1; fi; \
	go vet ./...; \
	$(LINT)/staticcheck ./...; \
	go test -count=1 -run '^TestArch' .; \
	go run ./tools/lawref -check; \
	go test -short -vet=off ./...; \
	echo "check: $$((SECONDS - started)) s"

fmt: $(LINT)/gofumpt ## format every Go file
	$(LINT)/gofumpt -w $$(git ls-files --cached --others --exclude-standard '*.go')

bench: ## run the benchmarks: make bench PKG=./internal/bundle/... BENCH=Lookup
	go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 2h $(PKG)

bench-dns: build ## the filter beside two bare echo servers, Unbound and dnsdist (apt-get install dnsperf unbound dnsdist tinycdb)
	go run ./test/dnsbench $(DNSBENCH)

bench-text: ## the reading of Vietnamese on public data sets beside this repository; TEXTBENCH=-dev compares configurations
	go run ./test/textbench $(TEXTBENCH)

soak: ## what is too long for CI: hours of load and kills (tests named TestSoak…)
	LACHAN_SOAK=1 tools/postgres.sh go test -run '^TestSoak' -count=1 -timeout 12h -v $(PKG)

generate: ## write every generated file again; CI compares
	go generate ./...
	go run ./tools/lawref

init: $(LINT)/staticcheck $(LINT)/gofumpt ## install the hook that runs make check before each commit
	install -m 755 tools/pre-commit "$$(git rev-parse --git-path hooks)/pre-commit"

clean: ## remove what was built
	rm -rf bin

# The linters are pinned in a module of their own, so that they never enter
# the product's.
$(LINT)/staticcheck: tools/lint/go.mod
	@mkdir -p $(LINT)
	cd tools/lint && go build -o $(CURDIR)/$@ honnef.co/go/tools/cmd/staticcheck

$(LINT)/gofumpt: tools/lint/go.mod
	@mkdir -p $(LINT)
	cd tools/lint && go build -o $(CURDIR)/$@ mvdan.cc/gofumpt
