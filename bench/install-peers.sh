#!/usr/bin/env bash
# Installs R and the packages that `make bench` measures against, from Debian or Ubuntu.
set -eu
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
as_root apt-get update -qq
as_root apt-get install -y --no-install-recommends r-base-core r-cran-mass r-cran-ordinal \
  r-cran-lme4 r-cran-glmmtmb r-cran-survey r-cran-emmeans r-cran-data.table
