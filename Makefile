# Everything here is a plain Go command; make is only a memory aid.

TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/everlatch/bin

.PHONY: help check test test-postgres browser-test sdk-test dashboard-test nightly release-check golden history dev build bench

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

check: $(TOOLS)/golangci-lint ## format, lint, determinism, layering, references
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	$(TOOLS)/golangci-lint run
	$(TOOLS)/workflowcheck ./workflows/...
	go test .

test: ## all tests, with the race detector (needs a C compiler)
	go test -race -shuffle=on ./...

test-postgres: ## the tests that use PostgreSQL, on TEST_POSTGRES_URL
	@test -n "$(TEST_POSTGRES_URL)" || { echo "set TEST_POSTGRES_URL=postgres://…"; exit 1; }
	go test -shuffle=on ./internal/store/... ./app/... ./e2e/...

browser-test: e2e/browser/node_modules ## sign-ins with Chromium at a certified OpenID provider (needs chromium, node, npm)
	CI=true go test -count=1 -v -run TestCertifiedProvider ./e2e

sdk-test: e2e/browser/node_modules e2e/sdk/node_modules ## every call of the Medusa JS SDK, in Node.js and in Chromium (needs chromium, node, npm)
	CI=true go test -count=1 -v -run TestJavaScriptSDK ./e2e

dashboard-test: e2e/browser/node_modules e2e/dashboard/.medusa/admin/index.html ## build the Medusa admin dashboard and drive it with Chromium (needs what sdk-test needs, 1 GB and some minutes)
	$(if $(PICTURES),mkdir -p $(PICTURES))
	CI=true go test -count=1 -v -timeout 20m $(if $(PICTURES),-artifacts -outputdir $(PICTURES)) -run TestMedusaDashboard ./e2e

nightly: dashboard-test release-check ## checks that take too long for every change

release-check: $(TOOLS)/goreleaser ## check what a tag would publish
	$(TOOLS)/goreleaser check

golden: ## rewrite golden files and the generated pages and tables of docs/; read the diff
	UPDATE_GOLDEN=1 go test . ./config ./worker ./mail ./app

history: ## record new workflow histories with the running dev service; existing ones are never overwritten
	TEMPORAL_ADDRESS=$(or $(TEMPORAL_ADDRESS),127.0.0.1:7233) go test -tags record -run TestRecord ./workflows

dev: ## the whole service in this terminal
	go run ./cmd/everlatch dev

build: ## bin/everlatch, and bin/everlatch-production without the Temporal server
	go build -o bin/everlatch ./cmd/everlatch
	go build -tags noembedded -trimpath -ldflags '-s -w' -o bin/everlatch-production ./cmd/everlatch

bench: ## put load on the running dev service, and print the cost of each request
	go run ./bench -base http://127.0.0.1:9000 -pids "$$(pgrep -x everlatch | head -1)"

e2e/dashboard/.medusa/admin/index.html: e2e/dashboard/node_modules e2e/dashboard/medusa-config.js e2e/dashboard/tsconfig.json
	cd e2e/dashboard && npm run build
	touch $@

e2e/%/node_modules: e2e/%/package-lock.json
	cd e2e/$* && npm ci --no-audit --no-fund --ignore-scripts
	touch $@

$(TOOLS)/goreleaser: tools/release/go.mod
	cd tools/release && GOBIN=$(TOOLS) go install tool
	touch $@

$(TOOLS)/golangci-lint: tools/go.mod
	cd tools && GOBIN=$(TOOLS) go install tool
	touch $@
