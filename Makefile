# synthetic1: `make` alone says what there is.

LOCK  ?= $(shell cat $(VENV)/lock 2>/dev/null || echo cpu)
DEMO  ?= trainers/grpo.py env=code_understanding recipe=demo
ARGS  ?=
TEST_PROCESSES ?= $(shell echo $$(($$(nproc) + 2))) # most tests wait, for limits, containers, servers

VENV   := .venv
PY     := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# No program of ours reports home, and none of what it builds on may either.
export HF_HUB_DISABLE_TELEMETRY := 1
export VLLM_NO_USAGE_STATS      := 1
export DO_NOT_TRACK             := 1

# A stamp's name holds a checksum of all that its step depends on: a changed lock, a changed pyproject.toml or a new
# file gives a new name, and the step runs again. Nothing else makes it run.
FOLDERS       := $(shell sed -n 's/^"synthetic1[^"]*" = "\(.*\)"/\1/p' pyproject.toml)
LOCK_SUM      := $(shell cat locks/$(LOCK).txt locks/torch.txt locks/install.py 2>/dev/null | cksum | tr -d ' ')
FILES_SUM     := $(shell { cat pyproject.toml; find $(FOLDERS) -type f ! -name '*.pyc' | LC_ALL=C sort; } | cksum | tr -d ' ')
LOCK_STAMP    := $(VENV)/.lock-$(LOCK)-$(LOCK_SUM)
INSTALL_STAMP := build/.installed-$(LOCK_SUM)-$(FILES_SUM)

.DEFAULT_GOAL := help
.PHONY: help venv docs demo r1 check test integrations proofs cluster pool lint format bench embedded-model lock clean distclean

help: ## this page
	@echo "synthetic1: verifiable rewards, environments and a GRPO trainer"
	@echo
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24
	@echo
	@echo "  ARGS='…' is passed on to the program of demo, r1, bench and the tests;  LOCK=gpu takes the lock for CUDA;"
	@echo "  PYTHON=… names a Python ≥ 3.11;  TORCH_INDEX=URL names an index of torch builds (CPU builds are smaller);"
	@echo "  TEST_PROCESSES=0 runs the tests one by one."

venv: $(INSTALL_STAMP) ## set up .venv: Python packages as locked, and this project (once; a few minutes)

$(LOCK_STAMP):
	@python="$(PYTHON)"; \
	test -n "$$python" || { echo "make: no Python 3.11 or newer with its venv module was found; install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make venv PYTHON=/path/to/python3.11" >&2; exit 2; }; \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: $$python is not Python 3.11 or newer; name one that is: make venv PYTHON=/path/to/python3.11" >&2; exit 2; }; \
	"$$python" -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "make: $$python has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV)
	$(PY) locks/install.py $(LOCK)
	@echo $(LOCK) > $(VENV)/lock
	@touch $@

# Strict: an editable install as a tree of links, which type checkers can read. A new file wants a new tree.
$(INSTALL_STAMP): $(LOCK_STAMP)
	@rm -rf build/__editable__.* build/.installed-*
	@$(PY) -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --no-index \
	  --config-settings editable_mode=strict -e .
	@touch $@

demo: venv ## train the embedded model with GRPO and see it get better (6 to 8 minutes on 2 cores, no GPU, no network)
	$(PY) $(DEMO) $(ARGS)

r1: venv ## DeepSeek-R1's recipe: verified traces, SFT, GRPO, each measured (≤ 20 minutes on 2 cores)
	$(PY) trainers/r1.py $(ARGS)

# One seed for several processes: names of tests may depend on the order of a set, and all have to find the same ones.
# Byte code is kept: tests start hundreds of processes, which would each compile our modules anew.
SEED   = $(if $(filter-out 0,$(TEST_PROCESSES)),PYTHONHASHSEED=0)
PYTEST = env -u PYTHONDONTWRITEBYTECODE $(SEED) $(PY) -m pytest -n $(TEST_PROCESSES)

check: lint ## the inner loop: lint, and every test that needs no engine, no vLLM and no browser
	$(PYTEST) -m "not (proofs or integrations or engine or vllm or browser)" $(ARGS)

test: venv ## the tests, without those of `make integrations` (12 to 15 minutes on 2 cores)
	$(PYTEST) $(ARGS)

integrations: venv ## whole runs, and others' software: trainers (locks/adapters.sh all), vLLM, Ray, Slurm, PostgreSQL
	$(PYTEST) -m "integrations and not proofs" $(ARGS)

cluster: venv ## a Ray cluster of three nodes in a box on this machine, tried and broken (root; about 4 minutes)
	$(PY) deploy/cluster/box.py $(ARGS)

pool: venv ## a pool on this machine: three workers with vLLM, one of which lies, and what becomes of it (4 minutes)
	$(PY) deploy/pool/demo.py $(ARGS)

proofs: venv ## the long proofs that `make test` holds a part of
	$(PY) -m pytest -m proofs $(ARGS)

lint: venv ## formatting, lint and types, as CI checks them
	@failed=; \
	for check in "ruff format --check --quiet ." "ruff check --output-format concise ." "mypy -p synthetic1"; do \
	  echo "$$check"; $(PY) -m $$check || failed="$$failed '$$check'"; \
	done; \
	test -z "$$failed" || { echo "make lint: failed:$$failed; make format fixes what it can" >&2; exit 1; }

docs: venv ## the documentation site, into build/site; warnings are errors
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo "build/site/index.html"

format: venv ## fix what lint can fix by itself
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench: venv ## every benchmark, quickly; full runs: python benchmarks/NAME.py --json benchmarks/results/NAME.json
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(PY) $$file --quick $(ARGS) || exit 1; done

embedded-model: venv ## rebuild the embedded model from nothing (about 45 minutes on 2 cores)
	$(PY) trainers/build_embedded_model.py $(ARGS)

lock: ## resolve pyproject.toml into locks/*.txt (ARGS=--upgrade moves every pin)
	PYTHON=$(PYTHON) bash locks/make.sh $(ARGS)

clean: ## remove build products and caches; runs/ and .venv stay
	rm -rf build dist .cache .hypothesis .ruff_cache .pytest_cache .mypy_cache *.egg-info src/*.egg-info
	find $(FOLDERS) tests benchmarks -name __pycache__ -type d -exec rm -rf {} +

distclean: clean ## also remove .venv
	rm -rf $(VENV)
