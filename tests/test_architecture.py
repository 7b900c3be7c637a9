"""The shape of the repository: who imports whom, what modules are called, and what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOUNS = {"task", "completion", "verdict", "trace", "keys"}
PROGRAM = {"program", ""}
"""What folders that hold programs share: how one starts and fails, and ``import synthetic1`` for its environments."""

MAY_IMPORT = {
    "sandbox": set(),
    "inference": NOUNS,
    "reports": NOUNS,
    "tasks": NOUNS,
    "rewards": NOUNS | {"sandbox", "inference"},
    "envs": NOUNS | {"tasks", "rewards"},
    "datagen": NOUNS | PROGRAM | {"sandbox", "inference", "reports", "tasks", "rewards", "envs"},
    "trainers": NOUNS | PROGRAM | {"sandbox", "inference", "reports", "tasks", "rewards", "envs"},
    "pool": NOUNS | PROGRAM | {"sandbox", "inference", "reports", "tasks", "rewards", "envs", "datagen", "trainers"},
    "configs": set(),
}
"""The table of the design; a folder may also import from itself."""

HEAVY = {"torch", "transformers", "trl", "vllm", "datasets", "pyarrow", "rich", "matplotlib"}
FOLDERS = [folder for folder in MAY_IMPORT if (ROOT / folder).is_dir()]
PROBLEMS = ROOT / "src/synthetic1/tasks/embedded/code"
"""Programs as models might write them, right and wrong: no modules of ours."""
MODULES = [p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.py")) if PROBLEMS not in p.parents]
FACE = sorted((ROOT / "src/synthetic1").glob("*.py"))


def named(path):
    return str(path.relative_to(ROOT))


def imports(tree):
    """(line, dotted name) of every import, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import; ours say `synthetic1.…`"
            for alias in node.names:  # `from synthetic1 import rewards` imports a folder too
                yield node.lineno, f"{node.module}.{alias.name}"


def ours(tree):
    for line, name in imports(tree):
        if name.split(".")[0] == "synthetic1":
            yield line, name.split(".")[1] if "." in name else ""


def test_the_walk_sees_what_it_must():
    source = (
        "import synthetic1.envs.base\ndef f():\n    from synthetic1 import rewards\n    from synthetic1.tasks import x"
    )
    assert list(ours(ast.parse(source))) == [(1, "envs"), (3, "rewards"), (4, "tasks")]
    assert len(MODULES) > 20
    assert {"tasks", "rewards", "envs", "reports", "trainers"} <= set(FOLDERS)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_folder_imports_only_what_stands_above_it(path):
    folder = path.relative_to(ROOT).parts[0]
    allowed = MAY_IMPORT[folder] | {folder, "__version__"}
    wrong = [(line, part) for line, part in ours(ast.parse(path.read_text())) if part not in allowed]
    assert not wrong, f"{named(path)} may import {sorted(allowed)} of ours, not {wrong}"


def test_the_agent_stands_alone():
    """It runs inside of sandboxes, where nothing else of ours is; nor is any package."""
    for path in sorted((ROOT / "src/synthetic1/sandbox/agent").glob("*.py")):
        for line, name in imports(ast.parse(path.read_text())):
            ok = name.startswith("synthetic1.sandbox.agent.") or name.split(".")[0] in sys.stdlib_module_names
            assert ok, f"{named(path)}:{line} imports {name}"


@pytest.mark.parametrize("path", [path for path in FACE if path.name not in ("cli.py", "__init__.py")], ids=named)
def test_the_nouns_import_nothing_below_them(path):
    assert {part for _, part in ours(ast.parse(path.read_text()))} <= NOUNS


def test_the_face_imports_lazily():
    tree = ast.parse((ROOT / "src/synthetic1/__init__.py").read_text())
    at_once = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name for node in at_once if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in at_once if isinstance(node, ast.ImportFrom)}
    assert not {name for name in names if name.startswith("synthetic1")}


# A trainer's modules subclass what TRL and transformers offer; nothing else imports them.
LIGHT = [path for path in [*MODULES, *FACE] if path.relative_to(ROOT).parts[0] != "trainers"]


@pytest.mark.parametrize("path", LIGHT, ids=named)
def test_heavy_packages_are_imported_where_they_are_used(path):
    tree = ast.parse(path.read_text())
    at_once = ast.Module([node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))], [])
    wrong = [(line, name) for line, name in imports(at_once) if name.split(".")[0] in HEAVY]
    assert not wrong, f"import these inside the functions that need them: {wrong}"


@pytest.mark.parametrize("path", [*MODULES, *FACE], ids=named)
def test_a_module_begins_with_what_it_is(path):
    text = path.read_text()
    tree = ast.parse(text)
    if not tree.body:  # a folder's empty __init__.py
        return
    assert ast.get_docstring(tree), "a module begins with a one-line docstring"
    if len(tree.body) > 1:
        assert "from __future__ import annotations" in text


@pytest.mark.parametrize("path", [*MODULES, *FACE, *sorted((ROOT / "benchmarks").glob("*.py"))], ids=named)
def test_a_module_is_named_for_the_thing_in_it(path):
    for part in path.relative_to(ROOT).with_suffix("").parts:
        assert part not in {"utils", "util", "helpers", "helper", "common", "misc"}


@pytest.mark.parametrize("folder", ["trainers", "datagen", "benchmarks"])
def test_scripts_shadow_no_other_module(folder):
    """A script's own folder comes first on sys.path: `trainers/datasets.py` would hide the package."""
    taken = set(sys.stdlib_module_names) | set(metadata.packages_distributions()) - {"synthetic1"}
    stems = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"}
    stems |= {path.name for path in (ROOT / folder).glob("*") if (path / "__init__.py").exists()}
    assert not stems & taken


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_is_a_package(folder):
    assert (ROOT / folder / "__init__.py").is_file()


def test_importing_costs_little():
    """No heavy package, and none of ours but the face, until something is used."""
    program = (
        "import sys, synthetic1\n"
        f"heavy = {sorted(HEAVY)!r}\n"
        "print([m for m in sys.modules if m in heavy or m.startswith('synthetic1.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_scoring_needs_no_heavy_package():
    program = (
        "import sys, synthetic1\n"
        "task = synthetic1.Task(problem_id='1', task_type='code_output_prediction', prompt='p',\n"
        "                       verification_info={'ground_truth': 'abc'})\n"
        'assert synthetic1.score(task, \'{"output": "abc"}\').score == 1\n'
        f"print([name for name in {sorted(HEAVY)!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_had():
    import synthetic1

    for name in synthetic1.__all__:
        assert getattr(synthetic1, name) is not None
        assert name in dir(synthetic1)
    with pytest.raises(AttributeError, match="no attribute `nothing`"):
        _ = synthetic1.nothing
