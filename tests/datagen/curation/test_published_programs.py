"""Published programs that do not pass for a reason that is not theirs: what they need, and how that is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.datagen.curation.recipes.programs.dialects import other_version, without_comments, without_literals
from synthetic1.datagen.curation.recipes.programs.needed_packages import needed_package
from synthetic1.datagen.curation.recipes.programs.program_problem import PublishedProgram
from synthetic1.datagen.curation.recipes.programs.published_solutions import SolutionsRun
from synthetic1.verdict import Verdict


@pytest.mark.parametrize(
    ("language", "source", "package"),
    [
        ("python", "import sys, numba\nfrom numpy import array", "numba"),
        ("python", "def main():\n    from atcoder.dsu import DSU", "atcoder"),
        ("python", "import pandas as pd", "pandas"),
        ("python", "from numpy import array\nimport heapq, scipy.sparse\nfrom . import x", None),
        ("python", "try:\n    import numba\nexcept ImportError:\n    pass\n1 / 0", None),
        ("python", "print('import numba')\n1 / 0", None),
        ("python", "import numba\nx =", None),
        ("cpp", "#include <atcoder/all>\nint main() {}", "atcoder/all"),
        ("cpp", "#include <bits/stdc++.h>\n#include <ext/pb_ds/assoc_container.hpp>\n#include <boost/x.hpp>", None),
        ("cpp", "// #include <atcoder/all>\n#include <cstdio>\n#include <math.h>\n#include <sys/time.h>", None),
        ("cpp", '#include "testlib.h"\nint main() {}', "testlib.h"),
        ("javascript", "const _ = require('lodash');", "lodash"),
        ("javascript", "import x from 'node:fs'; const f = require('fs/promises'); // require('lodash')", None),
        ("rust", "use proconio::input;\nfn main() {}", "proconio"),
        ("rust", "use std::{io, cmp};\nuse io::Read;\nmod dsu {}\nuse dsu::Dsu;\nenum E { A }\nuse E::*;", None),
    ],
)  # fmt: skip
def test_packages_that_the_sandbox_has_not(language, source, package):
    status = "compile_error" if language in ("cpp", "rust") else "runtime_error"
    assert needed_package(language, source, status) == package
    assert needed_package(language, source, "wrong_answer") is None


@pytest.mark.parametrize(
    ("status", "source", "details", "reason"),
    [
        ("runtime_error", "import pandas", {}, "needs pandas"),
        ("compile_error", "x = (", {"toolchain": "python 3.8"}, "older_toolchain"),
        ("memory_limit", "x", {"memory_limit": "address_space"}, "address_space"),
        ("memory_limit", "x", {}, None),
        ("runtime_error", "x", {"memory_limit": "address_space"}, None),
        ("wrong_answer", "import pandas", {"memory_limit": "address_space"}, None),
    ],
)
def test_what_is_short_here_is_no_failure_of_the_program(status, source, details, reason):
    run = SolutionsRun(many=1)
    run.add(PublishedProgram("python", source, 1), Verdict(0.0, status, source, details))
    assert run.not_run == ({} if reason is None else {reason: 1})
    assert bool(run.failing or run.differing) == (reason is None)


def scanned(source):
    """A program in Python with empty literals, sign by sign: the slow and plain way."""
    made, at = "", 0
    while at < len(source):
        sign = source[at]
        if sign == "#":
            while at < len(source) and source[at] != "\n":
                at += 1
            made += '""'
            continue
        if sign not in "\"'":
            made, at = made + sign, at + 1
            continue
        close = sign * 3 if source.startswith(sign * 3, at) else sign
        at += len(close)
        while at < len(source) and not source.startswith(close, at):
            if len(close) == 1 and source[at] == "\n":
                break
            at += 2 if source[at] == "\\" else 1
        else:
            at += len(close)
        made += '""'
    return made


@given(st.text(alphabet="\"'\\\n# a", max_size=40))
def test_an_unclosed_literal_ends_with_its_line(source):
    """Each sign is looked at once, so a megabyte of open quotes takes no longer than another one."""
    assert without_literals(source) == scanned(source)


def test_signs_in_comments_are_of_no_version():
    said = '/* gets(s); */\nint main() { puts("// __int64"); x } // void main() gets(s) %I64d'
    assert other_version("cpp", said.replace("// __int64", ""), "compile_error") is None
    assert other_version("cpp", 'int main() { printf("%I64d /* x", y); /* */ }', "wrong_answer") == "cpp_windows"
    assert without_comments("a // b\n'//' /* c") == "a  \n'//'  "
