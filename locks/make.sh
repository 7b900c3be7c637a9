#!/usr/bin/env bash
# Resolve pyproject.toml and locks/*.in into locks/cpu.txt and locks/gpu.txt. Needs a package index.
#
#   bash locks/make.sh              keep every pin that still fits
#   bash locks/make.sh --upgrade    move every pin to the newest release that fits
#
# For Linux on x86-64, Python 3.11. The files name no index and no path: they install from wherever pip looks.
# To move uv itself: write its version into locks/uv.in first.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$("${PYTHON:-python3}" locks/uv.py)

compile() { # compile NAME ARGUMENTS…
  local name=$1
  shift
  "$uv" pip compile "$@" --python-version 3.11 --generate-hashes --annotation-style line --quiet \
    --custom-compile-command "make lock" --output-file "locks/$name.txt"
  echo "locks/$name.txt: $(grep -c '^[a-z].*==' "locks/$name.txt") packages"
}

resolve() { # resolve NAME ARGUMENTS…
  local name=$1
  shift
  compile "$name" pyproject.toml "locks/$name.in" --python-platform x86_64-manylinux_2_28 "$@" \
    --extra data --extra train --extra sandbox --extra judge --extra curate --extra serve --extra track --extra postgres --extra ray --extra docs --extra dev
}

compile uv locks/uv.in
resolve cpu --excludes locks/cpu.excludes.txt "$@"
resolve gpu --extra vllm --no-emit-package torch "$@"
