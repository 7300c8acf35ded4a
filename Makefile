# StyleSV: set-up, demo, tests. `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench attack learn docs format lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

# measured with pip download on Linux x86_64, Python 3.11
DOWNLOAD := 830 MB with torch's CPU build (torch 192 MB, triton 198 MB, opencv 61 MB); 2.7 GB on the disk
TORCH := $(shell sed -n 's/^torch==//p' requirements.lock)
GPU ?= $(shell command -v nvidia-smi)

install: $(INSTALLED)  ## make .venv and install everything from requirements.lock (the only step that needs a network)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "error: $(PYTHON): Python 3.11 or newer is needed; install it, or name it: make PYTHON=python3.12 ..." >&2; exit 2; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || \
	  { echo "error: no C++ compiler (c++, g++ or clang++) on PATH; install one, e.g. apt-get install g++" >&2; exit 2; }
	@echo "to download: $(DOWNLOAD)"
	$(PYTHON) -m venv $(VENV)
ifeq ($(GPU),)
	@echo "no GPU is found here (nvidia-smi): torch's CPU build is looked for; for another machine with GPUs: make install GPU=1"
	@$(VENV)/bin/python -m pip install --quiet --no-deps "torch==$(TORCH)+cpu" 2>/dev/null || \
	  echo "pip's index offers no torch $(TORCH)+cpu: the usual build is taken, which is larger by NVIDIA's libraries"
endif
	$(VENV)/bin/python -m pip install --quiet --requirement requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@$(VENV)/bin/python -m compileall -q stylesv workflow_scripts snakemake_logger_plugin_stylesv  # else each of forty jobs does
	@echo "compiling the operations for this processor, some 20 s"  # else the first job does, while a demo runs
	@$(VENV)/bin/python -c 'from stylesv.ops.extension import load_extension as load; \
	  why = load(); print(f"not compiled, so PyTorch computes them, several times slower: {why}" if why else "compiled")'
	@touch $@

demo: $(INSTALLED)  ## run the whole workflow on a CPU, offline, in minutes; ends by naming the report
	@snakemake --profile profiles/default --cores all demo
	@echo "report: $(CURDIR)/results/report/demo/index.html"

PYTEST := OMP_NUM_THREADS=1 python -m pytest --no-loadscope-reorder --numprocesses

# for two cores: tests that wait for other processes leave some of them free
AT_ONCE := 3

test: $(INSTALLED)  ## lint, floors, and all tests but those that take minutes
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) $(AT_ONCE) -m "not long"

test-all: $(INSTALLED)  ## every test, more than half an hour
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) $(AT_ONCE)

check: $(INSTALLED) lint  ## the quick part: lint, floors, unit tests
	@$(PYTEST) 2 -m "not slow and not workflow and not long"

bench: $(INSTALLED)  ## measure operations, networks and steps against the definitions; make bench BENCH=name for some
	@python tests/benchmarks/run_benchmarks.py $(BENCH)

ATTACK_PATHS := .:tests:tests/attacks:tests/workflow:tests/cluster
attack: $(INSTALLED)  ## kill, damage and mislead the workflow many times, hours; make attack ATTACK="--kills 20 --minutes 30" for less
	@PYTHONPATH=$(ATTACK_PATHS) OMP_NUM_THREADS=1 python tests/attacks/run_attacks.py $(ATTACK)

learn: $(INSTALLED)  ## train every model on stripes that drift at a known speed, minutes each; make learn LEARN=D for some
	@python tests/learning/run_learning.py $(LEARN)

.PHONY: lint
lint: $(INSTALLED)
	@ruff check .
	@ruff format --check .
	@snakefmt --check Snakefile rules workflow

format: $(INSTALLED)  ## format Python and Snakemake files
	@ruff check --fix --quiet .
	@ruff format .
	@snakefmt Snakefile rules workflow

docs: $(INSTALLED)  ## build README, docs/ and docstrings as a site in build/site
	@NO_MKDOCS_2_WARNING=1 mkdocs build --quiet
	@echo "site: $(CURDIR)/build/site/index.html"

PROFILES := $(or $(XDG_CONFIG_HOME),$(HOME)/.config)/snakemake
.PHONY: install-profile
install-profile:  ## let `snakemake --profile slurm` (and default) find the profiles of this checkout by name
	@for name in slurm default; do \
	  if [ -e "$(PROFILES)/$$name" ] && [ ! -L "$(PROFILES)/$$name" ]; then \
	    echo "error: $(PROFILES)/$$name: a profile of that name is there already; rename it, then try again" >&2; exit 2; fi; done
	@mkdir -p "$(PROFILES)"
	@for name in slurm default; do ln -sfn "$(CURDIR)/profiles/$$name" "$(PROFILES)/$$name"; done
	@echo "$(PROFILES)/slurm -> $(CURDIR)/profiles/slurm; name your partitions there, then: snakemake --profile slurm demo"

lock:  ## resolve pyproject.toml anew into requirements.lock, envs/*.yaml and Dockerfile
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --editable '.[test]'
	build/lock/bin/python envs/write_environments.py
	PATH="$(CURDIR)/build/lock/bin:$$PATH" $(MAKE) --no-print-directory dockerfile
	rm -rf build/lock

.PHONY: dockerfile
dockerfile:  ## write Dockerfile, an image with the conda environments in envs/ (no conda is needed)
	@PATH="$(CURDIR)/envs/pretended_conda:$$PATH" snakemake --containerize 2>/dev/null >Dockerfile.new
	@mv Dockerfile.new Dockerfile

clean:  ## remove .venv and caches; results/ stays
	rm -rf $(VENV) build .ruff_cache .hypothesis *.egg-info
