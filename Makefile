# The tasks of this repository. "make help" lists them; CONTRIBUTING.md says
# which to use when. The durations are of two cores with warm Go caches; a
# first run also compiles openai-go and the linter, several minutes each.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The folders of the modules that go.work joins, and the import patterns of
# their packages. Those of the integration module need more than Go.
MODULES = $(shell go list -m -f '{{.Dir}}')
UNIT_PACKAGES = $(addsuffix /...,$(filter-out %/integration,$(MODULES)))
ALL_PACKAGES = $(addsuffix /...,$(MODULES))

# Passed to every go test of a target: make test TESTFLAGS=-race
TESTFLAGS ?=
# Of benchmarks: repetitions (six for benchstat's statistics), time or count each.
COUNT ?= 6
BENCHTIME ?= 1s
# Of each fuzz target.
FUZZTIME ?= 10s
# Only mutants whose name contains this.
MUTANT ?=

PLATFORMS = linux/amd64 linux/arm64 darwin/arm64 windows/amd64

# Tools are pinned by tools/NAME/go.mod and built once into .cache/bin.
BIN = $(CURDIR)/.cache/bin
version = $(shell awk '$$1 == "$(2)" { print $$2 }' tools/$(1)/go.mod)
GOLANGCI_LINT := $(BIN)/golangci-lint-$(call version,golangci-lint,github.com/golangci/golangci-lint/v2)
BENCHSTAT := $(BIN)/benchstat-$(call version,benchstat,golang.org/x/perf)
DEADCODE := $(BIN)/deadcode-$(call version,deadcode,golang.org/x/tools)
MUTANTS := $(BIN)/mutants
PEERS := $(BIN)/peers

.PHONY: help
help: ## list the targets (at once)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## Tests

.PHONY: test
test: setup test-fast test-tools test-page test-integration ## set up what the tests need and run them all (~12 min)
	@integration/setup --report

.PHONY: test-fast
test-fast: ## unit tests of all modules; needs Go alone (~1 min)
	go test $(TESTFLAGS) -timeout 30m $(UNIT_PACKAGES)

.PHONY: test-tools
test-tools: ## tests of our own tools (~10 s)
	cd tools/mutants && GOWORK=off go test $(TESTFLAGS) ./...
	cd tools/peers && GOWORK=off go test $(TESTFLAGS) ./...

.PHONY: test-integration
test-integration: ## official clients against the whole binary; run make setup first (~9 min)
	go test $(TESTFLAGS) -timeout 30m $(CURDIR)/integration/...

.PHONY: conformance
conformance: setup ## the official Go client's own test suite: direct, proxied, with faults behind the proxy (~1 min)
	go test $(TESTFLAGS) -count 1 -timeout 30m -v -run '^TestConformance' $(CURDIR)/integration

.PHONY: race
race: ## all tests under the race detector (~3 min)
	@$(MAKE) test TESTFLAGS="$(TESTFLAGS) -race"

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME=10s
	@go test -list '^Fuzz' $(UNIT_PACKAGES) | \
		awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' | \
		while read -r package name; do \
			echo "== $$package $$name"; \
			go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done

.PHONY: mutants
mutants: $(MUTANTS) ## break one line at a time: each break must fail a test (~3 min; MUTANT=text picks some)
	$(MUTANTS) -only "$(MUTANT)" tools/mutants/mutants.txt

.PHONY: setup
setup: ## install the npm packages that the integration tests use (~10 s, then at once)
	@integration/setup

.PHONY: test-page
test-page: ## the dashboard's pure modules; needs Node 20 (~1 s)
	@if command -v node >/dev/null; then node --test cmd/recloser/internal/dashboard/webtest/; else echo "test-page: skipped, there is no node"; fi

## Checks

.PHONY: check
check: static race ## everything that CI demands of the code: static and race (~5 min)

.PHONY: static
static: format vet tidy lint deadcode ## all checks that run no test (~1 min)

.PHONY: format
format: ## demand that files are as gofmt -s has them (~1 s; make fmt rewrites them)
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs -r ls -d 2>/dev/null | xargs -r gofmt -s -l); \
	if [ -n "$$unformatted" ]; then printf 'not formatted, run make fmt:\n%s\n' "$$unformatted"; exit 1; fi

.PHONY: fmt
fmt: ## format all Go files (~1 s)
	gofmt -s -w .

.PHONY: vet
vet: ## go vet, also for Windows (~20 s)
	go vet $(ALL_PACKAGES)
	GOOS=windows go vet $(CURDIR)/cmd/recloser/...
	cd tools/mutants && GOWORK=off go vet ./...
	cd tools/peers && GOWORK=off go vet ./...

.PHONY: tidy
tidy: ## demand that each go.mod stands alone and is tidy (~5 s)
	@for dir in $(MODULES) tools/*/; do \
		(cd "$$dir" && GOWORK=off go mod tidy -diff) || { echo "$$dir: run GOWORK=off go mod tidy there"; exit 1; }; \
	done

.PHONY: lint
lint: $(GOLANGCI_LINT) ## golangci-lint in each module (~30 s; its first build 2 min)
	@for dir in $(MODULES); do \
		echo "golangci-lint: $$dir"; \
		(cd "$$dir" && $(GOLANGCI_LINT) run --allow-parallel-runners --config $(CURDIR)/.golangci.yml ./...); \
	done
	@for tool in mutants peers; do \
		echo "golangci-lint: tools/$$tool"; \
		(cd tools/$$tool && GOWORK=off $(GOLANGCI_LINT) run --allow-parallel-runners --config $(CURDIR)/.golangci.yml ./...); \
	done

.PHONY: deadcode
deadcode: $(DEADCODE) ## demand that no function is out of reach of programs and tests (~5 s)
	@dead=$$($(DEADCODE) -test -filter '^github.com/recloser/recloser' $(ALL_PACKAGES)); \
	if [ -n "$$dead" ]; then printf 'used by no program and no test:\n%s\n' "$$dead"; exit 1; fi

.PHONY: cross
cross: ## compile the binary for Linux, macOS and Windows, without cgo (~1 min)
	@for platform in $(PLATFORMS); do \
		echo "cross: $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go build -o /dev/null ./cmd/recloser; \
	done

.PHONY: ci
ci: ## what CI runs, as CI runs it: installs Debian packages if run as root (~40 min)
	.ci/run

.PHONY: replay-doc
replay-doc: ## write the figures of all policies anew, docs/policies.md and docs/replay.md (~5 min)
	cd cmd/recloser && go test -count 1 -timeout 1h -run '(Replay|Policies)Documentation' -update .

## Benchmarks: the ratio is benchstat's, between sub-benchmarks impl=NAME

.PHONY: bench
bench: bench-core bench-proxy bench-peers ## all benchmarks, COUNT=6 times (~10 min)

.PHONY: bench-core
bench-core: $(BENCHSTAT) ## the breaker's paths (~2 min)
	@mkdir -p .cache/bench
	go test -run '^$$' -bench . -skip '^Benchmark(Proxy|Peer)' -benchmem -count $(COUNT) -benchtime $(BENCHTIME) \
		$(CURDIR)/breaker/... $(CURDIR)/bench/... | tee .cache/bench/core.txt
	$(BENCHSTAT) -col /impl .cache/bench/core.txt

.PHONY: bench-proxy
bench-proxy: $(BENCHSTAT) ## the proxy beside a plain one, and with traces and metrics beside itself (~90 s)
	@mkdir -p .cache/bench
	go test -run '^$$' -bench '^BenchmarkProxy' -count $(COUNT) -benchtime $(BENCHTIME) \
		$(CURDIR)/bench/... | tee .cache/bench/proxy.txt
	$(BENCHSTAT) -col '/impl@(plain recloser)' .cache/bench/proxy.txt
	$(BENCHSTAT) -col '/impl@(off on)' .cache/bench/proxy.txt

# Each run is a process of its own that takes the breakers in another order, so
# that what else the machine does hits all alike. What it prints is docs/peers.md.
.PHONY: bench-peers
bench-peers: BENCHTIME = 200ms
bench-peers: $(PEERS) ## other breakers beside ours, as Markdown: make -s bench-peers >docs/peers.md (~5 min)
	@mkdir -p .cache/bench
	@rm -f .cache/bench/peers.txt
	@go test -c -o .cache/bench/peers.test $(CURDIR)/bench/peers
	@for run in $$(seq $(COUNT)); do \
		echo "bench-peers: run $$run of $(COUNT)" >&2; \
		for cores in '1' '2 -test.skip ^BenchmarkPeerCycle'; do \
			.cache/bench/peers.test -test.run '^$$' -test.bench '^BenchmarkPeer' -test.benchtime $(BENCHTIME) \
				-test.timeout 10m -test.cpu $$cores >>.cache/bench/peers.txt || \
				{ grep -A 1 -e '--- FAIL' .cache/bench/peers.txt >&2; exit 1; }; \
		done; \
	done
	@go test -count 1 -run '^TestWrongs$$' -timeout 5m $(CURDIR)/bench/peers -wrongs $(CURDIR)/.cache/bench/wrongs.md >&2
	@cat .cache/bench/wrongs.md; printf '## What each costs\n\n'
	@$(PEERS) .cache/bench/peers.txt

## The rest

# The dashboard's chart library is kept in the repository: no build and no page
# needs the network. webtest/vendor.test.js holds the hashes of what is kept.
UPLOT = 1.6.32
UPLOT_INTEGRITY = sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==
WEB = cmd/recloser/internal/dashboard/web

.PHONY: vendor-uplot
vendor-uplot: ## fetch the dashboard's chart library again, checked against its hash; needs npm and openssl (~5 s)
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	npm pack --silent --pack-destination "$$dir" uplot@$(UPLOT) >/dev/null; \
	got="sha512-$$(openssl dgst -sha512 -binary "$$dir/uplot-$(UPLOT).tgz" | openssl base64 -A)"; \
	[ "$$got" = "$(UPLOT_INTEGRITY)" ] || { printf 'uplot-$(UPLOT).tgz is not what was reviewed: %s\n' "$$got"; exit 1; }; \
	tar -xzf "$$dir/uplot-$(UPLOT).tgz" -C "$$dir"; \
	mkdir -p $(WEB)/vendor/uplot-$(UPLOT); \
	cp "$$dir"/package/dist/uPlot.iife.min.js "$$dir"/package/dist/uPlot.min.css "$$dir"/package/LICENSE $(WEB)/vendor/uplot-$(UPLOT)/

.PHONY: clean
clean: ## remove what was built and installed in this folder (at once)
	rm -rf .cache bin integration/node/node_modules

$(GOLANGCI_LINT): tools/golangci-lint/go.mod tools/golangci-lint/go.sum
	@echo "building $(notdir $@): about 2 minutes, once"
	cd tools/golangci-lint && GOWORK=off go build -o $@ tool

$(BENCHSTAT): tools/benchstat/go.mod tools/benchstat/go.sum
	cd tools/benchstat && GOWORK=off go build -o $@ tool

$(DEADCODE): tools/deadcode/go.mod tools/deadcode/go.sum
	cd tools/deadcode && GOWORK=off go build -o $@ tool

$(MUTANTS): $(wildcard tools/mutants/*.go)
	cd tools/mutants && GOWORK=off go build -o $@ .

$(PEERS): $(wildcard tools/peers/*.go) tools/peers/go.mod tools/peers/go.sum
	cd tools/peers && GOWORK=off go build -o $@ .
