"""The shape of the repository: who imports whom, what modules are called, and what an import costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import metadata

import pytest
from rooms import MAY_IMPORT, NOUNS, ROOT, SRC, folder_of

HEAVY = {"torch", "transformers", "trl", "vllm", "datasets", "pyarrow", "rich", "matplotlib", "ray"}
MOST_LINES = 350
MOST_MODULES = 20  # of a folder
LONG = re.compile(r"render_\w+\.py|\w+_harness\.\w+")
"""Renderers and harnesses: one long listing each."""
PROBLEMS = SRC / "tasks/embedded/code"
"""Programs as models might write them, right and wrong: not modules of ours."""


def dotted(path):
    """The import name of a file."""
    room = next((room for room in MAY_IMPORT if folder_of(room) in path.parents), None)
    base, parts = (folder_of(room), ("synthetic1", room)) if room else (SRC, ("synthetic1",))
    parts += path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FACE = sorted(SRC.glob("*.py"))
MODULES = list(
    dict.fromkeys(  # a room within another room's folder is found twice
        path for room in MAY_IMPORT for path in sorted(folder_of(room).rglob("*.py")) if PROBLEMS not in path.parents
    )
)
FILES = {dotted(path): path for path in [*FACE, *MODULES]}


@cache
def tree_of(name):
    return ast.parse(FILES[name].read_text())


def named(path):
    return str(path.relative_to(ROOT))


def of_every(paths):
    """A test of each of these files as one, which names all that are wrong: by themselves they would be thousands."""

    def together(test):
        def of_all():
            wrong = []
            for path in paths:
                try:
                    test(path)
                except AssertionError as error:
                    wrong.append(f"{named(path)}: {error}")
            assert not wrong, "\n".join(wrong)

        of_all.__name__, of_all.__doc__ = test.__name__, test.__doc__
        return of_all

    return together


def room_of(name):
    """The room of an import name, or the noun itself."""
    return name.split(".")[1] if "." in name else ""


def imports(tree):
    """(line, dotted name) of every import, wherever in the file it stands, for types alone or not."""
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
            yield line, room_of(name)


def modules_imported(name):
    """Our modules that one imports: ``from a.b import c`` is ``a.b.c`` where that is a module, else ``a.b``."""
    for _, imported in imports(tree_of(name)):
        for candidate in (imported, imported.rpartition(".")[0]):
            if candidate in FILES:
                if candidate != name:
                    yield candidate
                break


def circle(graph):
    """A circle of a graph in the form ``a → b → a``, or None."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " → ".join(reversed(error.args[1]))
    return None


def test_the_walk_sees_what_it_must():
    source = (
        "import synthetic1.envs.base\ndef f():\n    from synthetic1 import rewards\n    from synthetic1.tasks import x"
    )
    assert list(ours(ast.parse(source))) == [(1, "envs"), (3, "rewards"), (4, "tasks")]
    assert FILES["synthetic1.rewards.math"] == ROOT / "rewards/math.py"
    assert FILES["synthetic1.tasks.sources"] == SRC / "tasks/sources/__init__.py"
    assert "synthetic1.tasks.sources.stored" in set(modules_imported("synthetic1.tasks.sources.jsonl"))
    assert {room for room in MAY_IMPORT if (folder_of(room) / "__init__.py").is_file()} == set(MAY_IMPORT)
    assert circle({"a": {"b"}, "b": {"a"}}) in ("a → b → a", "b → a → b")


# Who imports whom ----------------------------------------------------------------------------------------------------


@of_every(MODULES)
def test_a_room_imports_only_what_stands_above_it(path):
    name = dotted(path)
    room = room_of(name)
    allowed = MAY_IMPORT[room] | {room, "__version__", "extras"}
    wrong = [(line, part) for line, part in ours(tree_of(name)) if part not in allowed]
    assert not wrong, f"{named(path)} may import {sorted(allowed)} of ours, not {wrong}"


def test_no_module_imports_itself_through_others():
    """Type-only imports count: what has to be known to read a file is what it names."""
    assert not circle({name: set(modules_imported(name)) for name in FILES if "." in name})


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_ideas_of_a_room_stand_one_above_the_other(room):
    """The subpackages of a room, and the modules beside them, each taken as one thing."""

    def idea(name):
        return ".".join(name.split(".")[:3])

    graph = defaultdict(set)
    for name in FILES:
        if room_of(name) == room and idea(name) != f"synthetic1.{room}":
            inside = {idea(other) for other in modules_imported(name) if room_of(other) == room}
            graph[idea(name)] |= inside - {idea(name), f"synthetic1.{room}"}
    assert not circle(graph)


NAMES_PROGRAMS = {"synthetic1", "synthetic1.cli"}
"""The face registers environments and loads names lazily; the command line starts every program."""
COMMAND_LINE = "synthetic1.cli"
"""What a program may start another one by: ``python -m synthetic1.cli NAME``."""


@of_every(MODULES)
def test_no_module_of_another_room_is_named_by_a_string(path):
    """An import that the table forbids is no better as ``find_spec("…")``."""
    name = dotted(path)
    strings = (node.value for node in ast.walk(tree_of(name)) if isinstance(node, ast.Constant))
    found = {value.partition(":")[0] for value in strings if isinstance(value, str)}
    others = {value for value in found if value in FILES and "." in value and room_of(value) != room_of(name)}
    assert not others - {COMMAND_LINE} - {"synthetic1.configs"}


def test_the_agent_stands_alone():
    """It runs inside of sandboxes, where nothing else of ours is; nor is any package."""
    for name, tree in ((name, tree_of(name)) for name in FILES):
        if name.startswith("synthetic1.sandbox.agent"):
            for line, imported in imports(tree):
                own = imported.startswith("synthetic1.sandbox.agent.")
                assert own or imported.split(".")[0] in sys.stdlib_module_names, f"{name}:{line} imports {imported}"


@of_every([path for path in FACE if path.name != "__init__.py" and not path.name.startswith("cli")])
def test_the_nouns_import_nothing_below_them(path):
    assert {part for _, part in ours(tree_of(dotted(path)))} <= NOUNS | {"extras"}


def test_the_face_imports_lazily():
    at_once = [node for node in tree_of("synthetic1").body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name for node in at_once if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in at_once if isinstance(node, ast.ImportFrom)}
    assert not {name for name in names if name.startswith("synthetic1")}


# A trainer's modules subclass what TRL and transformers offer; nothing else imports them.
LIGHT = [path for path in [*MODULES, *FACE] if room_of(dotted(path)) != "trainers"]


@of_every(LIGHT)
def test_heavy_packages_are_imported_where_they_are_used(path):
    tree = tree_of(dotted(path))
    at_once = ast.Module([node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))], [])
    wrong = [(line, name) for line, name in imports(at_once) if name.split(".")[0] in HEAVY]
    assert not wrong, f"import these inside the functions that need them: {wrong}"


# What things are called, and how large they are ----------------------------------------------------------------------


@of_every([*MODULES, *FACE])
def test_a_module_begins_with_what_it_is(path):
    tree = tree_of(dotted(path))
    if not tree.body:  # a folder's empty __init__.py
        return
    assert ast.get_docstring(tree), "a module begins with a one-line docstring"
    if len(tree.body) > 1:
        assert "from __future__ import annotations" in path.read_text()


@of_every([*MODULES, *FACE, *sorted((ROOT / "benchmarks").glob("*.py"))])
def test_a_module_is_named_for_the_thing_in_it(path):
    for part in path.relative_to(ROOT).with_suffix("").parts:
        assert part not in {"utils", "util", "helpers", "helper", "common", "misc"}


@of_every([*MODULES, *FACE])
def test_a_file_fits_in_a_head(path):
    if not LONG.fullmatch(path.name):
        assert len(path.read_text().splitlines()) <= MOST_LINES, "look for a second idea in it"


def test_a_folder_fits_in_a_head():
    counts = defaultdict(int)
    for path in [*MODULES, *FACE]:
        counts[named(path.parent)] += path.name != "__init__.py"
    assert {folder: n for folder, n in counts.items() if n > MOST_MODULES} == {}


def test_no_two_classes_share_a_name():
    homes = defaultdict(list)
    for name, tree in ((name, tree_of(name)) for name in FILES):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


@pytest.mark.parametrize("folder", ["trainers", "datagen", "benchmarks", "src/synthetic1/evaluation"])
def test_scripts_shadow_no_other_module(folder):
    """A script's own folder comes first on sys.path: `trainers/datasets.py` would hide the package."""
    taken = set(sys.stdlib_module_names) | set(metadata.packages_distributions()) - {"synthetic1"}
    stems = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"}
    stems |= {path.name for path in (ROOT / folder).glob("*") if (path / "__init__.py").exists()}
    assert not stems & taken


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES}), ids=named)
def test_a_folder_is_a_package(folder):
    assert (folder / "__init__.py").is_file()


# What an import costs ------------------------------------------------------------------------------------------------


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
