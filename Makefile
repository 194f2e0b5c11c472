# Everything one does with this project. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3 2>/dev/null))
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# One more than two cores: each waits for the database or the browser a seventh of its time.
WORKERS ?= 3
ARGS ?=

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' \
	  | while IFS=$$'\t' read -r target what; do printf '  make %-11s %s\n' "$$target" "$$what"; done

.PHONY: run
run: .venv/.runtime ## from nothing to a running site with demo data; PORT (8000), WEB_CONCURRENCY (1), PAYMENTS (1)
	@exec $(PY) -m ops.run

.PHONY: setup
setup: .venv/.dev ## the virtual environment and its packages, nothing started

.PHONY: test
test: .venv/.dev ## the whole suite: real PostgreSQL, Valkey and browser; WORKERS (3), ARGS for pytest
	@$(PY) -m ops.browser
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder $(ARGS)

.PHONY: check
check: .venv/.dev ## lint, format, types, import order, templates, migrations, settings for production
	@$(PY) -m ops.check

.PHONY: bench
bench: .venv/.dev ## the benchmarks, medians and ratios against a floor measured in the same run
	@$(PY) -m benchmarks $(ARGS)

.PHONY: bench-large
bench-large: .venv/.dev ## searches over a million instructors against a tenth of them; built once, takes long
	@$(PY) -m benchmarks.large $(ARGS)

.PHONY: format
format: .venv/.dev ## let ruff put code into shape
	@$(PY) -m ruff check --quiet --fix-only .
	@$(PY) -m ruff format .

.PHONY: lock
lock: ## resolve the requirements anew and write constraints.txt
	@rm -rf .venv/lock && $(PYTHON) -m venv .venv/lock
	@.venv/lock/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@(sed '/^[^#]/d' constraints.txt; .venv/lock/bin/python -m pip freeze) > constraints.new
	@mv constraints.new constraints.txt && rm -rf .venv/lock

.PHONY: reset
reset: ## delete all development data: database, cache, uploads
	@if [ -x $(PY) ] && [ -d .data ]; then $(PY) -m instainstru.embedded stop; fi
	@rm -rf .data

.PHONY: clean
clean: reset ## as if freshly cloned: no data, no virtual environment, no tools' memory
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What is installed follows the requirements: a stamp for each set.

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version)." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "Could not make a virtual environment; on Debian: apt install python3-venv." >&2; exit 1; }

.venv/.runtime: requirements.txt constraints.txt | .venv/bin/python
	@echo "Installing packages …"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo "Installing packages for tests and checks …"
	@$(PIP) -r requirements-dev.txt
	@touch $@
