"""Functions that nobody here wrote, bound in every way that answers bind them: same verdict; with another result: 0.

HumanEval's solutions, asked for by its assertions and by calls with the arguments that those assertions pass.
"""

from __future__ import annotations

import ast
import copy
import gzip
import json
import random
from dataclasses import dataclass

import pytest

from synthetic1 import Scorer, Task
from synthetic1.rewards.code import Code
from synthetic1.tasks import open_tasks

SAMPLE = 4
"""Of 164 functions, what ``make test`` looks at for each way."""

CHANGED = """
def changed(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, (list, tuple)):
        return value + type(value)([0])
    return 0
"""


@dataclass(frozen=True)
class Published:
    """One problem."""

    name: str
    prompt: str
    solution: str
    test: str

    @property
    def source(self):
        return self.prompt + self.solution

    def calls(self):
        """What its assertions ask, and what its solution answers, as far as JSON tells it apart."""
        space, asked = {}, []
        exec(self.source, space)
        function = space[self.name]

        def recording(*args):
            given = copy.deepcopy(args)
            returned = function(*args)
            if json_has(list(given)) and json_has(returned):
                asked.append({"type": "function_call", "fn_name": self.name, "input": given, "output": returned})
            return returned

        exec(self.test, space)
        space["check"](recording)
        return asked[:10]


def json_has(value):
    if isinstance(value, list):
        return all(map(json_has, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and json_has(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, str)) or (isinstance(value, (int, float)) and abs(value) < 1e300)


class AsMethod(ast.NodeTransformer):
    """Makes a function a method of ``Solution``; its calls of itself go by ``self``."""

    def __init__(self, name):
        self.name, self.inside = name, False

    def visit_FunctionDef(self, node):
        if node.name != self.name or self.inside:
            self.generic_visit(node)
            return node
        self.inside = True
        self.generic_visit(node)
        self.inside = False
        node.args.args.insert(0, ast.arg("self"))
        return ast.ClassDef("Solution", bases=[], keywords=[], body=[node], decorator_list=[])

    def visit_Name(self, node):
        if self.inside and node.id == self.name:
            return ast.Attribute(ast.Name("self", ast.Load()), self.name, node.ctx)
        return node


def as_method(one):
    tree = ast.fix_missing_locations(AsMethod(one.name).visit(ast.parse(one.source)))
    return ast.unparse(tree)


def renamed(one):
    """The function under another name, as ``inner``."""
    return f"{one.source}\ninner = {one.name}\ndel {one.name}\n"


WAYS = {
    "as published": lambda one: one.source,
    "a method": as_method,
    "a method, and annotations of the future": lambda one: f"from __future__ import annotations\n{as_method(one)}",
    "imports left out": lambda one: "".join(
        line for line in one.source.splitlines(keepends=True) if not line.startswith(("from typing", "import math"))
    ),
    "a partial": lambda one: f"import functools\n{renamed(one)}{one.name} = functools.partial(inner)\n",
    "bound by __init__": lambda one: (
        f"{renamed(one)}class Solution:\n    def __init__(self):\n        self.{one.name} = lambda *a: inner(*a)\n"
    ),
    "static": lambda one: f"{renamed(one)}class Solution:\n    {one.name} = staticmethod(inner)\n",
    "inherited": lambda one: f"{as_method(one)}\nBase = Solution\nclass Solution(Base):\n    pass\n",
    "a main guard and a demonstration": lambda one: (
        f"{as_method(one)}\nif __name__ == '__main__':\n    raise SystemExit(1)\nprint(Solution())\n"
    ),
}


def with_other_result(source, name):
    """The same program, whose function returns something else."""
    method = f"Solution.{name} = (lambda f: lambda *a: changed(f(*a)))(Solution.{name})"
    bound = f"{name} = (lambda f: lambda *a: changed(f(*a)))({name})"
    made = f"class Solution:\n    def __init__(self): self.{name} = lambda *a: changed(inner(*a))"
    if f"self.{name} = lambda" in source:
        return f"{source}\n{CHANGED}\n{made}\n"
    if f"{name} = staticmethod(inner)" in source:
        return f"{source}\n{CHANGED}\nclass Solution:\n    {name} = staticmethod(lambda *a: changed(inner(*a)))\n"
    return f"{source}\n{CHANGED}\n{method if 'class Solution' in source else bound}\n"


@pytest.fixture(scope="module")
def published(shared_data, require):
    file = shared_data / "HumanEval.jsonl.gz"
    require("HumanEval", file.is_file(), "put HumanEval.jsonl.gz into the shared data")
    rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    return [Published(row["entry_point"], row["prompt"], row["canonical_solution"], row["test"]) for row in rows]


@pytest.fixture(scope="module")
def scorer(sandbox_kind):
    with Scorer([Code()]) as one:
        yield one


def make_task(**info):
    info = {"language": "python", **info}
    return Task(problem_id="p", task_type="verifiable_code", prompt="Do it.", verification_info=info)


def tasks_of(one, number):
    """The problem as assertions, by either name, and as calls if JSON can say them."""
    entry_point = one.name if number % 2 else f"Solution().{one.name}"
    yield make_task(assertions={"code": one.test, "entry_point": entry_point, "prelude": one.prompt})
    calls = one.calls()
    if calls:
        yield make_task(test_cases=calls)


def scores_of(scorer, problems, write):
    pairs, meant = [], []
    for number, one in enumerate(problems):
        source = write(one)
        for task in tasks_of(one, number):
            pairs += [(task, f"```python\n{text}\n```") for text in (source, with_other_result(source, one.name))]
            meant += [(one.name, 1.0), (one.name, 0.0)]
    verdicts = scorer.score_sync(pairs)
    return [
        (name, score, verdict.score, verdict.reason, verdict.details.get("failed"))
        for (name, score), verdict in zip(meant, verdicts, strict=True)
        if verdict.score != score
    ]


@pytest.mark.parametrize("way", WAYS)
def test_functions_are_found_however_they_are_bound(way, published, scorer):
    problems = random.Random(way).sample(published, SAMPLE)
    assert scores_of(scorer, problems, WAYS[way]) == []


@pytest.mark.proofs
@pytest.mark.parametrize("way", WAYS)
def test_all_functions_are_found_however_they_are_bound(way, published, scorer):
    assert len(published) == 164
    assert scores_of(scorer, published, WAYS[way]) == []


# NAME is the function's name, `inner` the function, `seen` what its result goes through
JAVASCRIPT_WAYS = {
    "a method": "class Solution { NAME(...args) { return seen(inner(...args)); } }",
    "a static method": "class Solution { static NAME(...args) { return seen(inner(...args)); } }",
    "bound by the constructor": "class Solution { NAME = (...args) => seen(inner(...args)); }",
    "of the prototype": "var Solution = function () {};\nSolution.prototype.NAME = (...args) => seen(inner(...args));",
    "an object": "const Solution = { NAME: (...args) => seen(inner(...args)) };",
    "an export": "module.exports = { NAME: (...args) => seen(inner(...args)) };",
    "an exported class": "exports.Solution = class { NAME(...args) { return seen(inner(...args)); } };",
    "asynchronous": "class Solution { async NAME(...args) { return seen(await inner(...args)); } }",
}
SEEN = {
    1.0: "const seen = (value) => value;",
    0.0: "const seen = (value) => (typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 :"
    " Array.isArray(value) ? [...value, 0] : typeof value === 'string' ? value + 'x' : 0);",
}


def wrong_in_javascript(way, scorer, count=None):
    """Of ``count`` functions, what is judged otherwise than its result asks for."""
    tasks = [
        task
        for task in open_tasks("embedded:code")
        if task.verification_info["language"] == "javascript"
        and task.verification_info["test_cases"][0]["type"] == "function_call"
    ]
    pairs, meant = [], []
    for task in random.Random(way).sample(tasks, count or len(tasks)):
        name = task.verification_info["test_cases"][0]["fn_name"]
        for score, seen in SEEN.items():
            bound = JAVASCRIPT_WAYS[way].replace("NAME", name)
            source = f"const inner = (() => {{\n{task.gold_standard_solution}\nreturn {name};\n}})();\n{seen}\n{bound}"
            pairs.append((task, f"```js\n{source}\n```"))
            meant.append((name, score))
    verdicts = scorer.score_sync(pairs)
    return [(*m, v.score, v.details) for m, v in zip(meant, verdicts, strict=True) if v.score != m[1]]


@pytest.mark.parametrize("way", JAVASCRIPT_WAYS)
def test_functions_in_javascript_are_found_however_they_are_bound(way, scorer):
    assert wrong_in_javascript(way, scorer, 2) == []


@pytest.mark.proofs
@pytest.mark.parametrize("way", JAVASCRIPT_WAYS)
def test_all_functions_in_javascript_are_found_however_they_are_bound(way, scorer):
    assert wrong_in_javascript(way, scorer) == []


def in_place(one, calls):
    """The solution as a function that changes its first argument and returns nothing; the calls where it can."""
    fit = [call for call in calls if call["input"] and type(call["input"][0]) is type(call["output"]) is list]
    return f"{renamed(one)}def {one.name}(a, *rest):\n    a[:] = inner(a, *rest)\n", fit


def wrong_in_place(problems, scorer):
    """How many programs were judged, and which of them wrongly."""
    pairs, meant = [], []
    for one in problems:
        source, calls = in_place(one, one.calls())
        idle = f"def {one.name}(a, *rest):\n    pass\n"
        declared = source.replace("*rest):\n", "*rest) -> list:\n")
        if not calls:
            continue
        same = all(call["output"] == list(call["input"][0]) for call in calls)
        task = make_task(test_cases=calls)
        for text, score in ((source, 1.0), (idle, float(same)), (declared, 0.0)):
            pairs.append((task, f"```python\n{text}\n```"))
            meant.append((one.name, score))
    verdicts = scorer.score_sync(pairs)
    return len(pairs), [(*m, v.score, v.details) for m, v in zip(meant, verdicts, strict=True) if v.score != m[1]]


def test_what_a_function_leaves_in_its_first_argument_stands_for_its_result(published, scorer):
    """Only that: a function that does nothing passes exactly the calls whose result is their argument."""
    judged, wrong = wrong_in_place(random.Random("in place").sample(published, 64), scorer)
    assert wrong == []
    assert judged >= 12


@pytest.mark.proofs
def test_what_every_function_leaves_in_its_first_argument_stands_for_its_result(published, scorer):
    judged, wrong = wrong_in_place(published, scorer)
    assert wrong == []
    assert judged >= 30
