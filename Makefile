# StyleSV: set-up, demo, tests. `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help install demo test check format lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

install: $(INSTALLED)  ## make .venv and install everything from requirements.lock (the only step that needs a network)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "error: $(PYTHON): Python 3.11 or newer is needed; install it, or name it: make PYTHON=python3.12 ..." >&2; exit 2; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || \
	  { echo "error: no C++ compiler (c++, g++ or clang++) on PATH; install one, e.g. apt-get install g++" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED)  ## run the whole workflow on a CPU, offline, in minutes; ends by naming the report
	@snakemake --profile profiles/default --cores all demo
	@echo "report: $(CURDIR)/results/report/demo/index.html"

test: $(INSTALLED)  ## run all tests, lint and floors
	@$(MAKE) --no-print-directory lint
	@python -m pytest

check: $(INSTALLED) lint  ## the quick part: lint, floors, unit tests
	@python -m pytest -m "not slow and not workflow"

.PHONY: lint
lint: $(INSTALLED)
	@ruff check .
	@ruff format --check .
	@snakefmt --check Snakefile rules

format: $(INSTALLED)  ## format Python and Snakemake files
	@ruff check --fix --quiet .
	@ruff format .
	@snakefmt Snakefile rules

lock:  ## resolve pyproject.toml anew into requirements.lock and envs/*.yaml
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --editable '.[test]'
	build/lock/bin/python envs/write_environments.py
	rm -rf build/lock

clean:  ## remove .venv and caches; results/ stays
	rm -rf $(VENV) build .ruff_cache .hypothesis *.egg-info
