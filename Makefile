# Everything here is a plain Go command; make is only a memory aid.

TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/everlatch/bin

.PHONY: help check test test-postgres upgrade-test crash browser-test sdk-test dashboard-test medusa-test pages-test screenshots nightly release-check chart manifests golden history dev storefront build bench

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

upgrade-test: ## replace the program of an earlier commit under load, and go back, without a failed request: FROM=commit (Linux, needs PostgreSQL's programs)
	go test -count=1 -timeout 1h -v -run '^(TestRollingUpgrade|TestRollback)$$' ./e2e/crash -upgrade $(if $(FROM),-from $(FROM))

crash: ## kill an installation under load, and look for what was lost: POINTS=1000 SEED=7 (Linux, needs PostgreSQL's programs)
	go test -count=1 -timeout 24h -v -run '^(TestCrash|TestRollingRestart)$$' ./e2e/crash -points $(or $(POINTS),25) -seed $(or $(SEED),1)

browser-test: e2e/browser/node_modules e2e/sdk/node_modules ## sign-ins with Chromium: passkeys, a certified OpenID provider, the demo storefront (needs chromium, node, npm)
	CI=true go test -count=1 -v -run '^(TestCertifiedProvider|Test.*InChromium)$$' ./e2e

sdk-test: e2e/browser/node_modules e2e/sdk/node_modules ## every call of the Medusa JS SDK, in Node.js and in Chromium (needs chromium, node, npm)
	CI=true go test -count=1 -v -run TestJavaScriptSDK ./e2e

dashboard-test: e2e/browser/node_modules e2e/dashboard/.medusa/admin/index.html ## build the Medusa admin dashboard and drive it with Chromium (needs what sdk-test needs, 1 GB and some minutes)
	$(if $(PICTURES),mkdir -p $(PICTURES))
	CI=true go test -count=1 -v -timeout 20m $(if $(PICTURES),-artifacts -outputdir $(PICTURES)) -run TestMedusaDashboard ./e2e

medusa-test: e2e/medusa/node_modules ## move a real Medusa server into Everlatch (needs node, npm, TEST_POSTGRES_URL and 1 GB)
	@test -n "$(TEST_POSTGRES_URL)" || { echo "set TEST_POSTGRES_URL=postgres://…"; exit 1; }
	CI=true go test -count=1 -v -timeout 20m -run TestMoveFromMedusa ./e2e

pages-test: e2e/browser/node_modules ## every hosted page in every setting: with and without JavaScript, narrow and wide, light and dark (needs chromium, node, npm)
	CI=true go test -count=1 -v -timeout 1h -run '^TestPagesInChromium$$' ./e2e -every-setting

screenshots: e2e/browser/node_modules ## take the pictures of docs/images (needs chromium, node, npm)
	CI=true go test -count=1 -run '^TestScreenshots$$' ./e2e -screenshots ../docs/images

nightly: dashboard-test medusa-test pages-test release-check ## checks that take too long for every change
	$(MAKE) crash POINTS=$(or $(POINTS),1000) SEED=$(or $(SEED),$(shell date +%Y%m%d))
	$(MAKE) upgrade-test

release-check: $(TOOLS)/goreleaser ## check what a tag would publish
	$(TOOLS)/goreleaser check

chart: ## render and check deploy/helm with helm and kubeconform
	cd tools/helm && go test ./...

manifests: ## write deploy/kubernetes from deploy/helm
	cd tools/helm && UPDATE_GOLDEN=1 go test -run TestManifests ./...

golden: ## rewrite golden files and the generated pages and tables of docs/; read the diff
	UPDATE_GOLDEN=1 go test . ./config ./worker ./mail ./app

history: ## record workflow histories that are not kept yet, in some minutes; existing ones are never overwritten
	go test -count=1 -tags record -timeout 40m -run TestRecord ./workflows

dev: ## the whole service in this terminal
	go run ./cmd/everlatch dev

storefront: ## the demo storefront, beside make dev (needs node, npm)
	go run ./examples/storefront

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
