#!/usr/bin/env bash
# Environments of the packages that our adapters are tested against, in .cache/adapters/NAME. Needs a package index.
#
#   bash locks/adapters.sh verl openrlhf   make these, each of its lock; one that fits its lock already is left alone
#   bash locks/adapters.sh all             make all; those whose Python this machine lacks are left out aloud
#   bash locks/adapters.sh --lock NAME…    resolve locks/adapters/NAME.in into NAME.txt first
#
# locks/adapters/NAME.in pins the top packages, and says in its first lines how they meet ours:
#   # kind: overlay   on top of .venv: packages that .venv has are not installed again
#   # kind: nodeps    as overlay, but only what the file names: for packages whose own pins contradict ours
#   # kind: own       with dependencies of its own; synthetic1 is found where .venv finds it, its needs are installed
#   # python: 3.12    own only; default 3.11
#   # requires-python: ignore   the package asks for a Python that it does not need for what we use
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
uv=$("${PYTHON:-python3}" locks/uv.py)
layout=2 # raise it with every change in how an environment is made: all are made anew

header() { # header NAME FIELD DEFAULT
  local value
  value=$(sed -n "s/^# $2: *//p" "locks/adapters/$1.in" | head -1)
  echo "${value:-$3}"
}

find_python() { # an interpreter of this version; pyenv's shims do not tell which versions are there
  "$uv" python find --no-python-downloads "$1" 2>/dev/null && return 0
  local found
  for found in "$(pyenv root 2>/dev/null)"/versions/"$1".*/bin/python; do
    [ -x "$found" ] && { echo "$found"; return 0; }
  done
  return 1
}

resolve() { # resolve NAME
  local name=$1 kind python options=(--python-platform x86_64-manylinux_2_28 --generate-hashes --annotation-style line)
  kind=$(header "$name" kind own) python=$(header "$name" python 3.11)
  case $kind in
    overlay)
      options+=(-c locks/cpu.txt -c locks/torch.txt)
      while read -r package; do options+=(--no-emit-package "$package"); done \
        < <(sed -n 's/^\([A-Za-z0-9._-]*\)\(\[.*\]\)\{0,1\}==.*/\1/p' locks/cpu.txt locks/torch.txt) ;;
    nodeps) options+=(--no-deps) ;;
    own) options+=(pyproject.toml) ;;
    *) echo "locks/adapters/$name.in: kind is overlay, nodeps or own, got '$kind'" >&2; return 1 ;;
  esac
  "$uv" pip compile --no-config "locks/adapters/$name.in" "${options[@]}" --python-version "$python" --quiet \
    --custom-compile-command "bash locks/adapters.sh --lock $name" --output-file "locks/adapters/$name.txt" >/dev/null
  echo "locks/adapters/$name.txt: $(grep -c '^[a-zA-Z].*==' "locks/adapters/$name.txt") packages"
}

make_environment() { # make_environment NAME
  local name=$1 kind python folder=.cache/adapters/$1 ours wanted interpreter site
  [ -f "locks/adapters/$name.txt" ] || { echo "there is no locks/adapters/$name.txt; there are: $names" >&2; return 1; }
  kind=$(header "$name" kind own) python=$(header "$name" python 3.11)
  [ -x .venv/bin/python ] || { echo "make venv first: the environments of adapters find synthetic1 by .venv" >&2; return 1; }
  ours=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  wanted=$({ echo "$layout $ours"; cat "locks/adapters/$name.in" "locks/adapters/$name.txt"; } | sha256sum | cut -c1-16)
  [ "$(cat "$folder/stamp" 2>/dev/null)" = "$wanted" ] && { echo "$folder is as its lock says"; return 0; }
  if [ "$kind" = own ]; then
    interpreter=$(find_python "$python") || { echo "no Python $python here: $folder is left out" >&2; return 0; }
  else
    interpreter=$root/.venv/bin/python
  fi
  rm -rf "$folder"
  "$uv" venv --no-config --quiet --python "$interpreter" "$folder"
  if [ "$(header "$name" requires-python kept)" = ignore ]; then
    "${uv%/uv}/pip" --disable-pip-version-check --python "$folder/bin/python" install --quiet --no-deps \
      --require-hashes --ignore-requires-python -r "locks/adapters/$name.txt"
  else
    UV_HTTP_TIMEOUT=180 "$uv" pip install --no-config --quiet --python "$folder/bin/python" --no-deps \
      --require-hashes -r "locks/adapters/$name.txt"
  fi
  site=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  if [ "$kind" = own ]; then # synthetic1 alone; a line that asks .venv each time, which may be made anew meanwhile
    cat >"$site/synthetic1_of_venv.pth" <<PTH
import pathlib, sys; sys.path.extend(line for f in pathlib.Path("$root/.venv/lib").glob("python*/site-packages/__editable__.synthetic1*.pth") for line in f.read_text().split("\n") if line.startswith("/"))
PTH
  else # all of .venv, behind what is installed here
    echo "import site; site.addsitedir('$ours')" >"$site/venv_below.pth"
  fi
  "$folder/bin/python" -c 'import synthetic1, synthetic1.adapters.scoring'
  echo "$wanted" >"$folder/stamp"
  echo "$folder: $(du -sh "$folder" | cut -f1)"
}

names=$(cd locks/adapters && ls ./*.in | sed 's/^\.\///; s/\.in$//' | tr '\n' ' ')
lock=
[ "${1:-}" = --lock ] && { lock=yes; shift; }
[ "${1:-}" = --has-python ] && { find_python "$2"; exit; }
[ $# -gt 0 ] || { echo "usage: bash locks/adapters.sh [--lock] NAME…|all; there are: $names" >&2; exit 2; }
[ "$1" = all ] && read -ra chosen <<<"$names" || chosen=("$@")
status=0
for name in "${chosen[@]}"; do # not under `if` or `||`: there the shell would go on after a failed step
  set +e
  (set -e; if [ -n "$lock" ]; then resolve "$name"; fi; make_environment "$name")
  [ $? -eq 0 ] || { echo "$name: failed" >&2; status=1; }
  set -e
done
exit $status
