"""The environments of other packages: their locks are whole, and a test that needs one says how to make it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import adapter_environments
import pytest

LOCKS = Path(__file__).parents[2] / "locks/adapters"
NAMES = sorted(file.stem for file in LOCKS.glob("*.in"))


def pins(name):
    """Package → version of a lock."""
    text = (LOCKS / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_holds_what_its_file_names_with_hashes(name):
    text = (LOCKS / f"{name}.txt").read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"://|--index|--find-links|^/", text, re.MULTILINE)  # installs from wherever pip looks
    for line in (LOCKS / f"{name}.in").read_text(encoding="utf-8").splitlines():
        if "==" in line and not line.startswith("#"):
            package, version = re.split(r"(?:\[.*\])?==", line.split()[0])
            assert pins(name)[package.lower()] == version


@pytest.mark.parametrize("name", NAMES)
def test_its_kind_is_one(name):
    kind = adapter_environments._header(name, "kind")
    assert kind in ("overlay", "nodeps", "own")
    if kind != "own":  # what .venv has is not installed a second time
        assert not {"torch", "transformers", "numpy", "pyarrow"} & set(pins(name))


def test_what_is_missing_is_required_by_its_command(tmp_path, monkeypatch):
    said = []
    for name in ("verl", "harbor"):
        (tmp_path / "locks/adapters").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"locks/adapters/{name}.in").write_text("# kind: own\n" + "# python: 3.99\n" * (name == "harbor"))
    (tmp_path / "locks/adapters.sh").write_text('[ "$2" = 3.11 ]')
    monkeypatch.setattr(adapter_environments, "ROOT", tmp_path)
    adapter_environments.adapter_python("verl", lambda *args: said.append(args))
    assert said == [("the environment of verl", False, "bash locks/adapters.sh verl")]
    # no command of ours brings a Python: skipped, even where everything is required
    with pytest.raises(pytest.skip.Exception, match=r"harbor needs Python 3\.99, which is not on this machine"):
        adapter_environments.adapter_python("harbor", lambda *args: said.append(args))
    made = tmp_path / ".cache/adapters/verl"
    made.mkdir(parents=True)
    (made / "stamp").touch()
    python = adapter_environments.adapter_python("verl", lambda *args: said.append(args))
    assert python == str(made / "bin/python")
    assert said[-1][1] is True


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [([], 2, "usage: bash locks/adapters.sh"), (["nothing"], 1, "there is no locks/adapters/nothing.txt; there are: ")],
)
def test_the_script_says_what_is_wrong(arguments, status, says):
    script = str(LOCKS.parent / "adapters.sh")
    done = subprocess.run(["bash", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert says in done.stderr
    assert all(name in done.stderr for name in NAMES)
