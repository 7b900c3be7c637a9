"""Compilers and packages under the code verifier: standards by name, compile limits, and what a backend lacks."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from synthetic1.completion import Completion
from synthetic1.rewards.code import Code
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.sandbox.languages import packages
from synthetic1.sandbox.languages.packages import PACKAGES, Package
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.task import Task
from synthetic1.verdict import Verdict


@pytest.fixture(params=["docker", pytest.param("bubblewrap", marks=pytest.mark.integrations)], scope="module")
def backend(request):
    request.getfixturevalue({"docker": "sandbox_image", "bubblewrap": "bubblewrap"}[request.param])
    return request.param


@pytest.fixture(scope="module")
def scorer(backend, tmp_path_factory):
    with Scorer([Code(sandbox={"kind": backend, "cache": str(tmp_path_factory.mktemp("cache"))}, slots=1)]) as scorer:
        yield scorer


def judge(scorer: Scorer, source: str, label: str, **info: Any) -> Verdict:
    tests = [{"type": "stdin_stdout", "input": "1\n", "output": "2\n"}]
    info = {"test_cases": tests, **info}
    task = Task(problem_id="p", task_type="verifiable_code", prompt="Double it.", verification_info=info)
    return scorer.score_sync([(task, Completion.parse(f"<think>so</think>```{label}\n{source}\n```"))])[0]


CPP_11 = "#include <iostream>\nint main() { int requires; std::cin >> requires; std::cout << 2 * requires; }"
CPP_17 = "#include <bits/stdc++.h>\nint main() { int n; std::cin >> n; if constexpr (true) std::cout << 2 * n; }"
CPP_20 = "#include <bits/stdc++.h>\nint main() { std::vector v{2, 1}; std::ranges::sort(v); std::cout << v[1]; }"
RUST_15 = 'fn main() { let async = 2; println!("{}", async); }'
RUST_21 = 'fn main() { let n = 2; println!("{n}"); for x in [1] { let _: i32 = x.try_into().unwrap(); } }'


@pytest.mark.parametrize(
    "backend",
    ["docker", pytest.param("bubblewrap", marks=pytest.mark.proofs)],  # by the same flags; see the next table
    indirect=True,
)
@pytest.mark.parametrize(
    ("source", "label", "info", "reason"),
    [
        (CPP_20, "cpp", {"language": "cpp"}, "correct"),
        (CPP_11, "cpp", {"language": "cpp"}, "correct"),
        (CPP_11, "c++20", {"language": "cpp"}, "compile_error"),
        (CPP_11, "C++17", {"language": "cpp"}, "correct"),
        (CPP_20, "cpp17", {"language": "cpp"}, "compile_error"),
        (CPP_17, "gnu++1z", {"language": "cpp"}, "correct"),
        (CPP_17, "cpp", {"language": "c++11"}, "correct"),  # a warning there
        (CPP_20, "cpp", {"language": "c++17"}, "compile_error"),
        (CPP_20, "cpp", {"language": "cpp", "cpp_standard": 17}, "compile_error"),
        (CPP_20, "c++20", {"language": "cpp", "cpp_standard": "C++17"}, "compile_error"),  # the task's word counts
        (CPP_20, "cpp", {"language": "c++17", "cpp_standard": "2a"}, "correct"),
        (CPP_20, "cpp", {"language": "cpp", "cpp_standard": "98"}, "unscorable_task"),
        (CPP_20, "cpp", {"language": "cpp", "rust_edition": "none of its business"}, "correct"),
        (RUST_21, "rust", {"language": "rust"}, "correct"),
        (RUST_15, "rust", {"language": "rust"}, "compile_error"),
        (RUST_15, "rust2015", {"language": "rust"}, "correct"),
        (RUST_15, "rust", {"language": "rust", "rust_edition": 2015}, "correct"),
        (RUST_15, "rust2015", {"language": "rust", "rust_edition": "2018"}, "compile_error"),
        (RUST_15, "rust", {"language": "rust", "rust_edition": []}, "unscorable_task"),
    ],
)
def test_a_standard_is_named_by_the_task_or_else_the_fence(scorer, backend, source, label, info, reason):
    verdict = judge(scorer, source, label, **info)
    assert verdict.reason == reason, verdict


# As HumanEvalPack has them: the tests are code, which is compiled with the program
CPP_ASSERTIONS = "#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (twice(2)==4);\n}\n"
RUST_ASSERTIONS = (
    "#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn test_twice() { assert_eq!(twice(2), 4); }\n}\n"
)
CPP_20_TWICE = (
    "int twice(int n) { auto f = []<class T>(T x) requires std::integral<T> { return 2 * x; }; return f(n); }"
)
CPP_17_TWICE = "int twice(int n) { int requires = n; return 2 * requires; }"
RUST_15_TWICE = "fn twice(n: i32) -> i32 { let async = n; 2 * async }"


@pytest.mark.parametrize(
    ("source", "label", "info", "reason"),
    [
        (CPP_20_TWICE, "cpp", {"language": "cpp"}, "correct"),
        (CPP_17_TWICE, "cpp", {"language": "cpp"}, "correct"),
        (CPP_17_TWICE, "c++20", {"language": "cpp"}, "compile_error"),
        (CPP_20_TWICE, "c++20", {"language": "cpp", "cpp_standard": 17}, "compile_error"),
        (CPP_17_TWICE, "cpp", {"language": "c++20"}, "compile_error"),
        (RUST_15_TWICE, "rust", {"language": "rust"}, "compile_error"),
        (RUST_15_TWICE, "rust2015", {"language": "rust"}, "correct"),
        (RUST_15_TWICE, "rust", {"language": "rust", "rust_edition": 2015}, "correct"),
    ],
)
def test_assertions_are_compiled_by_the_same_standard(scorer, source, label, info, reason):
    code = RUST_ASSERTIONS if info["language"] == "rust" else CPP_ASSERTIONS
    verdict = judge(scorer, source, label, test_cases=None, assertions={"code": code, "entry_point": "twice"}, **info)
    assert verdict.reason == reason, verdict


@pytest.mark.parametrize("edition", ["2015", "2018", "2021"])
def test_functions_of_rust_are_called_in_every_edition(scorer, edition):
    source = "fn first(head: Option<Box<ListNode>>, a: [i32; 2]) -> i32 { head.unwrap().val + a[1] }"
    case = {"type": "function_call", "fn_name": "first", "input": [[1, 5], [7, 2]], "output": 3}
    verdict = judge(scorer, source, "rust", language="rust", rust_edition=edition, test_cases=[case])
    assert verdict.reason == "correct", verdict


def test_a_standard_that_the_compiler_does_not_know_is_our_failure(scorer):
    verdict = judge(scorer, RUST_21, "rust", language="rust", rust_edition=2024)
    assert verdict.reason in ("correct", "unscorable_infra")  # rustc knows it from 1.85 on
    if verdict.score is None:
        assert "does not know rust2024" in verdict.details["why"]


BOMBS = {
    "templates": (
        "cpp",
        "template <int N, int M> struct A { static const int v = A<N - 1, 2 * M>::v + A<N - 1, 2 * M + 1>::v; };\n"
        "template <int M> struct A<0, M> { static const int v = M; };\nint main() { return A<24, 0>::v; }",
    ),
    "constant expressions": (
        "cpp",
        "constexpr long f(long a) { long s = a; for (long i = 0; i < 200000; ++i) s += i ^ s; return s; }\n"
        + "\n".join(f"constexpr long b{i} = f({i});" for i in range(500))
        + "\nint main() {}",
    ),
    "macros": (
        "cpp",
        "#define A(x) x x x x x x x x\n#define B(x) A(A(A(x)))\n#define C(x) B(B(B(x)))\n"
        "int main() { int s = 0; C(s += 1;) }",
    ),
    "inclusion": ("cpp", '#include "main.cpp"\n#include "main.cpp"\nint main() {}'),
    "zeros": ("cpp", "#include </dev/zero>\nint main() {}"),
    "random": ("cpp", "#include </dev/urandom>\nint main() {}"),
    "stdin": ("cpp", "#include </dev/stdin>\nint main() { return 1 }"),
    "output": ("cpp", "char a[1 << 28] = {1}; int main() { return a[5]; }"),
    "assembler": ("cpp", 'asm(".rept 1000000000\\n .long 1\\n .endr"); int main() {}'),
    "brackets": ("cpp", f"int main() {{ return {'(' * 200_000}1{')' * 200_000}; }}"),
    "errors": ("cpp", "int main() {" + "x;" * 200_000 + "}"),
    "constants": (
        "rust",
        "const fn f(n: u64) -> u64 { let (mut i, mut s) = (0, 0); while i < n { s ^= i; i += 1; } s }\n"
        'const X: u64 = f(1 << 40); fn main() { println!("{}", X); }',
    ),
    "tokens": ("rust", "macro_rules! a { ($($x:tt)*) => { a! { $($x)* $($x)* } } } a! { x } fn main() {}"),
    "array": ("rust", 'static A: [u8; 1 << 33] = [1; 1 << 33]; fn main() { println!("{}", A[5]); }'),
    "zero bytes": ("rust", 'const A: &[u8] = include_bytes!("/dev/zero"); fn main() { println!("{}", A[5]); }'),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_for_the_compiler_is_a_compile_error_and_costs_no_more_than_its_limit(scorer, name):
    language, source = BOMBS[name]
    verdict = judge(scorer, source, language, language=language, compile_limit_s=1)
    assert (verdict.score, verdict.reason) == (0.0, "compile_error"), verdict
    right = {"cpp": CPP_17, "rust": RUST_21}[language]
    assert judge(scorer, right, language, language=language).reason == "correct"


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("cpp", '#include "/dev/fd/1"\nint main() {}'),  # its own output
        ("rust", '#[path = "/dev/ptmx"] mod terminal; fn main() {}'),
    ],
)
def test_a_compiler_that_waits_for_nothing_is_ended_long_before_its_limit(scorer, language, source):
    verdict = judge(scorer, source, language, language=language, compile_limit_s=300)
    assert (verdict.score, verdict.reason) == (0.0, "compile_error"), verdict
    assert "waited for what never came" in verdict.details["failed"]["why"]


def test_a_task_gives_its_compiler_more(scorer):
    source = CPP_20 + "\n" + "\n".join(f"template <class T> T f{i}(T a) {{ return a; }}" for i in range(20))
    assert judge(scorer, source, "cpp", language="cpp", compile_limit_s=0.05).reason == "compile_error"
    assert judge(scorer, source, "cpp", language="cpp", compile_limit_s=60).reason == "correct"
    assert judge(scorer, source, "cpp", language="cpp", compile_limit_s="long").reason == "unscorable_task"


# Packages ------------------------------------------------------------------------------------------------------------

USES = {
    "numpy": "import numpy as np\nprint(int(np.dot([1], [2])))",
    "scipy": "from scipy.sparse.csgraph import dijkstra\nprint(int(dijkstra([[0, 2], [2, 0]])[0, 1]))",
    "sympy": "from sympy import *\nprint(solve(symbols('x') - 2)[0])",
    "networkx": "import networkx\nprint(networkx.path_graph(2).number_of_nodes())",
    "sortedcontainers": "from sortedcontainers import SortedList\nprint(SortedList([3, 2])[0])",
    "boost": "#include <boost/multiprecision/cpp_int.hpp>\n#include <iostream>\n"
    "int main() { std::cout << boost::multiprecision::cpp_int(2); }",
}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_declared_package_is_there_or_its_absence_is_our_failure(scorer, backend, package):
    language = package.language
    verdict = judge(scorer, USES[package.name], language, language=language)
    if backend == "docker" or verdict.score is not None:
        assert verdict.reason == "correct", verdict
    else:
        assert verdict.reason == "unscorable_infra"
        assert f"apt-get install {package.debian.partition('=')[0]}" in verdict.details["why"]


NOTHING = (
    Package("nowhere_to_be_found", "python", "python3-nowhere=1"),
    Package("nowhere_to_be_found", "cpp", "libnowhere-dev=1", "nowhere_to_be_found/x.hpp"),
)


@pytest.fixture
def lacking(backend, monkeypatch, tmp_path):
    """A sandbox that lacks declared packages."""
    monkeypatch.setattr(packages, "PACKAGES", (*PACKAGES, *NOTHING))
    with Scorer([Code(sandbox={"kind": backend, "cache": str(tmp_path)}, slots=1)]) as scorer:
        yield scorer


def test_a_program_that_fails_for_want_of_a_package_is_unscorable(lacking):
    for language, source, why in [
        ("python", "import os, nowhere_to_be_found as n\nprint(2)", "apt-get install python3-nowhere"),
        ("python", "def f():\n    from nowhere_to_be_found.x import y\nf()", "apt-get install python3-nowhere"),
        ("cpp", "#include <nowhere_to_be_found/x.hpp>\nint main() {}", "apt-get install libnowhere-dev"),
    ]:
        verdict = judge(lacking, source, language, language=language)
        assert verdict.reason == "unscorable_infra"
        assert why in verdict.details["why"]


def test_no_other_program_is(lacking):
    for source, reason in [
        ("try:\n    import nowhere_to_be_found\nexcept ImportError:\n    print(2)", "correct"),
        ("import nowhere_else\nprint(2)", "runtime_error"),
        ("import os\nprint(1)", "wrong_answer"),
        ("raise ModuleNotFoundError(\"No module named 'nowhere_to_be_found'\")", "runtime_error"),
    ]:
        assert judge(lacking, source, "python", language="python").reason == reason


@pytest.mark.parametrize("backend", ["docker"], indirect=True)
@pytest.mark.parametrize(
    "source",
    [
        "import sys\nprint(\"ModuleNotFoundError: No module named 'numpy'\", file=sys.stderr)\nsys.exit(1)",
        "import re\nraise ModuleNotFoundError(\"No module named 'scipy'\", name='scipy')",
        "import json, sys\nsys.modules['json.decoder'] = None\nsys.path[:] = []\nimport networkx_\nimport numpy",
        "import sys\nsys.modules['json'] = None\nimport json",
    ],
)
def test_none_cannot_be_bought_where_everything_is(scorer, source):
    for one in (source, f"import numpy, scipy.stats, sortedcontainers\n{source}"):
        verdict = judge(scorer, one, "python", language="python")
        assert (verdict.score, verdict.reason) == (0.0, "runtime_error")


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("python", "import numpy", ["numpy"]),
        ("python", "import os, numpy.linalg as la , scipy", ["numpy", "scipy"]),
        ("python", "if 1: import sympy; from networkx import *", ["sympy", "networkx"]),
        ("python", "def f():\n\tfrom sortedcontainers.x import y # numpy", ["sortedcontainers"]),
        ("python", "from .numpy import x\nimport mynumpy\nnumpy = 1\n# import scipy\nfrom x import numpy", []),
        ("cpp", '#include <bits/stdc++.h>\n  # include "boost/graph/x.hpp"', ["boost"]),
        ("cpp", "// #include <boost/x.hpp>\n#include <boosted/x.hpp>\n#include <boost.h>", []),
        ("javascript", "import numpy from 'numpy'", []),
    ],
)
def test_imports_are_read_off_the_text(language, source, names):
    assert [package.name for package in packages.imported_packages(source, language)] == names


# Older tools ---------------------------------------------------------------------------------------------------------

NEW_METHODS = "console.log(new Set([1]).union(new Set([7])).size, ...Object.keys(Object.groupBy([], x => x)))"
OWN_UNION = "class Sets { union(a, b) { throw a } }\nnew Sets().union(1, 2)"


NAMED_IN_VAIN = "if (0) Object.groupBy([], x => x);\nthrow 1"


def test_a_method_that_only_newer_nodes_have_is_there_or_the_program_fails(scorer, backend):
    verdict = judge(scorer, NEW_METHODS, "js", language="javascript")
    assert verdict.score in ((1.0,) if backend == "docker" else (1.0, 0.0)), verdict


RAISED = "throw new TypeError('x.union is not a function')"


@pytest.mark.parametrize("source", [OWN_UNION, NAMED_IN_VAIN, "[].toSortedd()", RAISED])
def test_a_program_that_fails_by_itself_scores_0_and_says_how_old_its_tool_is(scorer, backend, source):
    verdict = judge(scorer, source, "js", language="javascript")
    assert (verdict.score, verdict.reason) == (0.0, "runtime_error"), verdict
    told = verdict.details.get("toolchain", "")
    assert told == "" if backend == "docker" else re.fullmatch(r"(javascript: [\d.]+ is older than 22, .*)?", told)


def test_an_older_tool_is_told_in_the_details_and_once_in_the_log(backend, monkeypatch, tmp_path, caplog):
    newer = dataclasses.replace(get_language("javascript"), recommended="1000")
    monkeypatch.setattr("synthetic1.sandbox.sandbox.get_language", lambda name: newer)
    with Scorer([Code(sandbox={"kind": backend, "cache": str(tmp_path)}, slots=1)]) as scorer:
        for source in ("throw 1", "throw 2"):
            verdict = judge(scorer, source, "js", language="javascript")
            assert (verdict.score, verdict.reason) == (0.0, "runtime_error"), verdict
            assert "is older than 1000, what the image has" in verdict.details["toolchain"]
    said = [record.getMessage() for record in caplog.records if "older than 1000" in record.getMessage()]
    assert len(said) == 1
    assert said[0].endswith("take a newer one, or sandbox=docker")
