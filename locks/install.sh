#!/usr/bin/env bash
# Install a lock into a virtual environment:   bash locks/install.sh cpu .venv/bin/python
#
# torch goes first and alone (see torch.txt); all the rest is pinned, hash-checked and installed without resolving.
# TORCH_INDEX=URL takes torch from another index, e.g. one that carries CPU builds.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=locks/$1.txt python=$2
[ -f "$lock" ] || { echo "there is no $lock; the locks are: $(ls locks/*.in | sed 's/.*\///; s/\.in//' | tr '\n' ' ')" >&2; exit 2; }

pip() { # three tries: an index that answers late should not cost a fresh start
  local try
  for try in 1 2 3; do
    "$python" -m pip --disable-pip-version-check --no-input "$@" && return 0
    [ "$try" -lt 3 ] && { echo "pip failed (try $try of 3); once more in $((10 * try)) s" >&2; sleep $((10 * try)); }
  done
  return 1
}

echo "installing torch and $(grep -c '^[a-z].*==' "$lock") packages of $lock: some minutes, several GB"
index=()
[ -n "${TORCH_INDEX:-}" ] && index=(--index-url "$TORCH_INDEX")

pip install -qq --no-deps "${index[@]}" -r locks/torch.txt
cuda=$("$python" - <<'PY'
import pathlib, runpy, sysconfig  # torch itself cannot be imported yet: it has none of its requirements

version = pathlib.Path(sysconfig.get_path("platlib"), "torch", "version.py")
print(runpy.run_path(str(version))["cuda"] or "")
PY
)
if [ "$1" = cpu ] && [ -n "$cuda" ]; then
  echo "torch came as a build for CUDA $cuda: installing its CUDA libraries too (several GB);" \
    "TORCH_INDEX=<an index of CPU builds> avoids that"
  pip install -qq "${index[@]}" -r locks/torch.txt
elif [ "$1" != cpu ] && [ -z "$cuda" ]; then
  echo "locks/$1.txt needs a CUDA build of torch, but a CPU build came; set TORCH_INDEX to an index of CUDA builds" >&2
  exit 1
fi
pip install -qq --no-deps --require-hashes -r "$lock"
