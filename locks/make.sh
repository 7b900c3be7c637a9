#!/usr/bin/env bash
# Resolve pyproject.toml and locks/*.in into locks/cpu.txt and locks/gpu.txt. Needs a package index.
#
#   bash locks/make.sh              keep every pin that still fits
#   bash locks/make.sh --upgrade    move every pin to the newest release that fits
#
# For Linux on x86-64, Python 3.11. The files name no index and no path: they install from wherever pip looks.
set -euo pipefail
cd "$(dirname "$0")/.."
UV_VERSION=0.13.9
tools=.cache/lock-tools
[ -x "$tools/bin/uv" ] || { "${PYTHON:-python3}" -m venv "$tools" && "$tools/bin/pip" install -q "uv==$UV_VERSION"; }

resolve() { # resolve NAME EXTRA_ARGUMENTS…
  local name=$1
  shift
  "$tools/bin/uv" pip compile pyproject.toml "locks/$name.in" "$@" \
    --extra train --extra sandbox --extra judge --extra curate --extra dev \
    --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
    --generate-hashes --annotation-style line --custom-compile-command "make lock" --quiet \
    --output-file "locks/$name.txt"
  echo "locks/$name.txt: $(grep -c '^[a-z].*==' "locks/$name.txt") packages"
}

resolve cpu --excludes locks/cpu.excludes.txt "$@"
resolve gpu --extra vllm --no-emit-package torch "$@"
