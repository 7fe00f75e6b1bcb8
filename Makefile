# `make` lists what can be made. The logic is in src/betyg/build, where it is tested.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# These choose only on the command line: desktops set LANGUAGE for quite another purpose.
only = $(if $(filter command,$(firstword $(origin $(1)))),$($(1)))
override STUDY := $(call only,STUDY)
override LANGUAGE := $(call only,LANGUAGE)
override PARAMS := $(call only,PARAMS)
export STUDY LANGUAGE PARAMS

# The environment: .venv, made here; an active conda environment made from environment.yml; or
# one that you name, as in `make report VENV=/some/venv`, which is then used as it is.
ifdef VENV
PYTHON := $(VENV)/bin/python
READY :=
else ifeq ($(or $(CONDA_DEFAULT_ENV),none),betyg)
PYTHON := $(CONDA_PREFIX)/bin/python
READY := $(CONDA_PREFIX)/betyg-is-set-up
else
PYTHON := .venv/bin/python
READY := .venv/betyg-is-set-up
endif
BETYG := $(PYTHON) -m betyg

##@ Reports (choose with STUDY=name, LANGUAGE=sv, PARAMS='year_from=2011')
BUILDING := report data models preflight
.PHONY: $(BUILDING)
report: ## Build every report: open reports/ afterwards
	@$(call tell,$@)
data: ## Clean the raw files: data/processed/
	@$(call tell,$@)
models: ## Run every notebook but the reports
	@$(call tell,$@)
preflight: ## Check the studies' files, in seconds, before anything runs
	@$(call tell,$@)

tell = if [ ! -s build/done ]; then echo "$(1): everything is up to date."; \
	else grep '\.html$$' build/done | sort | sed 's/^/  /' || true; fi

# Make first writes its own rules and keys, in which the work is: it then starts again with them.
# A failure here stops everything; after it, one study that fails does not stop the others.
ifneq ($(filter $(BUILDING) build/% reports/% data/processed/%,$(MAKECMDGOALS)),)
include build/rules.mk
ifndef MAKE_RESTARTS
build/rules.mk: $(READY) FORCE
	@mkdir -p build
	@$(BETYG) keys
FORCE:
else
MAKEFLAGS += --keep-going
endif
endif

##@ This list
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {print "\n" substr($$0, 5)} \
	  /^[a-z][a-z-]*:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
