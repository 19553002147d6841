# Every target sets up what it needs first, asks nothing and needs no root. Details: tools/setup.py.
HOST     ?= 127.0.0.1
PORT     ?= 8080
DATA_DIR ?= ./data

SETUP = @sh tools/python -m tools.setup
VENV  = .venv/bin/python

export PYTHONUTF8 := 1

SEEDS    ?= 1 2 3

.PHONY: run cluster test check bench bench-cluster soak chaos bundle wechat screenshots lock format clean help

run: ## start Chaguan with demo data (PORT=8080 HOST=127.0.0.1 DATA_DIR=./data)
	$(SETUP) run
	@exec .venv/bin/chaguan serve --demo --host "$(HOST)" --port "$(PORT)" --data-dir "$(DATA_DIR)"

cluster: ## the demo on two nodes, a worker, PostgreSQL, Valkey and S3 behind Caddy (PORT=8080)
	$(SETUP) run
	$(SETUP) test
	@exec $(VENV) -m tools.cluster --port "$(PORT)"

test: ## all tests, Python and TypeScript (ARGS="tests/unit -k name" runs pytest on those only; OFFLINE=1 without a network)
	$(SETUP) test
	@$(if $(OFFLINE),$(VENV) -m tools.offline) $(VENV) -m tools.test $(ARGS)

check: ## lint, formatting, types, layers, schema, repository rules
	$(SETUP) check
	@$(VENV) -m tools.check

bench: ## measure this machine (ARGS="--quick --json figures.json")
	$(SETUP) bench
	@.venv/bin/chaguan bench $(ARGS)

bench-cluster: ## the same with 1, 2 and 3 nodes on PostgreSQL and Valkey, and what only many do (ARGS="--quick --only restart")
	$(SETUP) test
	@$(VENV) -m tools.bench_cluster $(ARGS)

soak: ## the long form of the tests
	$(SETUP) test
	@$(VENV) -m tools.test --soak $(ARGS)

bundle: ## one archive in dist/ that installs Chaguan on a machine without a network
	$(SETUP) run
	@$(VENV) -m tools.bundle

chaos: ## three seeds of faults on three nodes (SEEDS="1 2 3" ARGS="--messages 1000000 --faults 66 --people 200")
	$(SETUP) test
	@for seed in $(SEEDS); do $(VENV) -m tests.chaos.play --seed $$seed $(ARGS) || exit 1; done

wechat: ## compile what ships with WeChat's own compiler, without a network (276 MB of npm packages, once)
	$(SETUP) wechat
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV) -m tools.offline node tools/wechat/check.mjs .cache/wechat

screenshots: ## take the pictures of docs/images anew
	$(SETUP) test
	@$(VENV) -m tools.screenshots

lock: ## pin the newest allowed versions into requirements/*.txt and the package-lock files
	$(SETUP) lock
	@$(VENV) -m tools.lock

format: ## rewrite the sources as the formatters like them
	$(SETUP) check
	@$(VENV) -m tools.check --fix

clean: ## remove all that set-up and builds have made (not ./data)
	rm -rf .venv .cache build dist src/*.egg-info src/chaguan/web clients/node_modules clients/*/node_modules clients/*/dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18
