# Every command here is one that CI runs too.
BUF        := go tool -modfile=tools/buf/go.mod buf
API_LINTER := go tool -modfile=tools/api-linter/go.mod api-linter
GOLANGCI   := go tool -modfile=tools/golangci-lint/go.mod golangci-lint
WITH_DB    := go run ./internal/pgtest/cmd --
FUZZTIME   ?= 1m
.PHONY: help run build install test bench faults data fuzz gen check-gen lint breaking spectral

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: install build ## Build and serve, on a private PostgreSQL unless RAPPORT_DATABASE_URL is set
	@exec bin/rapport serve

build: ## Build bin/rapport
	CGO_ENABLED=0 go build -trimpath -o bin/rapport ./cmd/rapport

install: ## Install PostgreSQL's server where it is missing
	@[ -n "$$RAPPORT_DATABASE_URL" ] || scripts/install-postgres.sh

test: install ## Run every test, with the race detector, on a temporary PostgreSQL
	@tools/install-cc
	$(WITH_DB) go test ./internal/bench ./cmd/rapport # gates on allocations and imports of real data: not for the race detector
	$(WITH_DB) go test -race -timeout=30m ./...

bench: install ## Measure calls against the same SQL run by pgbench
	go run ./cmd/bench

faults: install ## Run the long form of the fault tests
	RAPPORT_FAULTS=long $(WITH_DB) go test -count=1 -timeout=60m ./internal/faults/...

data: install ## Import the largest set of real data whole, where make test takes a tenth of it
	RAPPORT_DATA=whole $(WITH_DB) go test -count=1 -timeout=60m -run=TestBankCalls ./cmd/rapport

fuzz: install ## Run each fuzz test for FUZZTIME
	@grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' internal | while IFS=: read -r file func; do \
	  $(WITH_DB) go test -run='^$$' -fuzz="^$${func#func }$$" -fuzztime=$(FUZZTIME) "./$${file%/*}" || exit 1; done

gen: ## Generate code, the OpenAPI document and the error page from the .proto files
	go tool protodeps third_party/proto
	$(BUF) generate
	mkdir -p bin && $(BUF) build -o bin/api.binpb
	go run ./internal/apidocs/gen bin/api.binpb gen/openapi/openapi.yaml internal/apidocs docs

check-gen: gen ## Fail where generated files differ from the committed ones
	@git diff --exit-code -- gen internal/apidocs docs/errors.md && ! git status --porcelain -- gen internal/apidocs docs/errors.md | grep .

lint: ## Check .proto files, Go code and go.mod
	go tool protodeps third_party/proto
	$(BUF) format -d --exit-code proto
	$(BUF) lint
	mkdir -p bin && $(API_LINTER) --config .api-linter.yaml -I proto -I third_party/proto --set-exit-status -o bin/api-linter.yaml \
	  $$(cd proto && ls rapport/v1/*.proto) || { cat bin/api-linter.yaml; exit 1; }
	go mod tidy -diff
	$(GOLANGCI) run ./...

breaking: ## Fail where the API broke a promise of the last release
	tools/buf-breaking $(BUF)

spectral: tools/spectral/node_modules ## Lint the OpenAPI document
	tools/spectral/node_modules/.bin/spectral lint --fail-severity=warn internal/apidocs/openapi.json

tools/spectral/node_modules: tools/spectral/package-lock.json
	npm ci --prefix tools/spectral --ignore-scripts --no-audit --no-fund && touch $@
