# The same few commands for people and for CI. Tests run three at once on two cores: most wait more than they work. `make up` and `make test` need Python >= 3.11 (with venv) and nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
export PYTHON

.PHONY: help
help: ## Show this.
	@sed -n 's/^\([a-z%-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

.PHONY: up
up: ## Start everything on this machine and print the dashboard's address. ARGS go to `pulsemon up`.
	@scripts/setup runtime
	@exec $(BIN)/pulsemon up $(ARGS)

.PHONY: demo
demo: ## The same with 50 simulated servers and seven days of their history.
	@scripts/setup runtime
	@exec $(BIN)/pulsemon up --demo 50 $(ARGS)

.PHONY: test
test: ## Run every check and test, each ring with its time. ARGS go to pytest.
	@scripts/setup dev
	@scripts/static-checks
	@exec $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: check
check: ## What is fast: format, lint, imports, types, unit tests.
	@scripts/setup dev
	@scripts/static-checks
	@exec $(BIN)/python -m pytest -q tests/unit tests/contract $(ARGS)

.PHONY: setup
setup: ## Build the environment alone.
	@scripts/setup dev

prove-%: ## A long proof by name, such as `make prove-stack`.
	@scripts/setup dev
	@exec scripts/prove $*

.PHONY: lock
lock: ## Write the locks anew (needs uv). ARGS go to it.
	@scripts/lock $(ARGS)
