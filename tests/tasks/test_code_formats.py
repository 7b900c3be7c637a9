"""Rows of programming problems in the shapes they are published in."""

from __future__ import annotations

import base64
import gzip
import json
import os
import pickle
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthetic1 import Scorer
from synthetic1.rewards.code import Code
from synthetic1.rewards.program_tests.spec import read_spec
from synthetic1.task import Task, TaskError
from synthetic1.tasks import TaskList, open_tasks
from synthetic1.tasks.formats import livecodebench

Row = dict[str, Any]

DOUBLE = "n = int(input())\nprint(2 * n)\n"
APPS = {
    "problem_id": 17,
    "question": "Read a number and print its double.\n",
    "solutions": json.dumps([DOUBLE, "print(int(input()) * 2)"]),
    "input_output": json.dumps({"inputs": ["4\n", ["5", ""]], "outputs": ["8\n", ["10"]]}),
    "difficulty": "introductory",
    "url": "",
    "starter_code": "",
}
APPS_CALL = {
    **APPS,
    "problem_id": "18",
    "question": "Return the sum.",
    "solutions": json.dumps(["def total(xs, start):\n    return sum(xs, start)"]),
    "input_output": json.dumps({"fn_name": "total", "inputs": [[[1, 2], 3], [[], 0]], "outputs": [[6], [0]]}),
    "starter_code": "\ndef total(xs, start):\n\t",
}
TACO = {
    **{name: value for name, value in APPS.items() if name != "problem_id"},
    "raw_tags": "['math']",
    "name": None,
    "source": "codeforces",
    "tags": "['Mathematics']",
    "skill_types": "[]",
    "Expected Auxiliary Space": None,
    "time_limit": "2.5 seconds",
    "date": "2019-12-31",
    "picture_num": "0",
    "memory_limit": "256.0 megabytes",
    "Expected Time Complexity": None,
}
CODE_CONTESTS = {
    "name": "99_A. Double",
    "description": "Print the double.\n\nInput\n\nOne number.",
    "public_tests": {"input": ["4\n"], "output": ["8\n"]},
    "private_tests": {"input": [], "output": []},
    "generated_tests": {"input": ["5\n", "6\n"], "output": ["10\n", "12\n"]},
    "source": 2,
    "difficulty": 7,
    "solutions": {"language": [2, 1, 3], "solution": ["int main() {}", "print 2 * input()", DOUBLE]},
    "incorrect_solutions": {"language": [3], "solution": ["print(input())"]},
    "cf_rating": 800,
    "cf_tags": ["math"],
    "time_limit": {"seconds": 1, "nanos": 500_000_000},
    "memory_limit_bytes": 256_000_000,
    "input_file": "",
    "output_file": "",
}
LCB = {
    "question_title": "Double",
    "question_content": "Print the double.",
    "platform": "atcoder",
    "question_id": "abc999_a",
    "contest_id": "abc999",
    "contest_date": "2024-01-06T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": json.dumps([{"input": "4\n", "output": "8\n", "testtype": "stdin"}]),
    "private_test_cases": json.dumps([{"input": "5\n", "output": "10\n", "testtype": "stdin"}]),
    "metadata": "{}",
}
LCB_CALL = {
    **LCB,
    "question_id": "3001",
    "question_content": "Return the sum.",
    "starter_code": "class Solution:\n    def total(self, xs: List[int], name: str) -> int:\n        ",
    "public_test_cases": json.dumps([{"input": '[1, 2]\n"a"', "output": "3", "testtype": "functional"}]),
    "private_test_cases": json.dumps([{"input": '[]\n"b"\n', "output": "0", "testtype": "functional"}]),
    "metadata": json.dumps({"func_name": "total"}),
}
HUMANEVAL = {
    "task_id": "Sample/0",
    "prompt": '\n\ndef double(n: int) -> int:\n    """Twice n."""\n',
    "entry_point": "double",
    "canonical_solution": "    return 2 * n\n",
    "test": "\n\ndef check(candidate):\n    assert candidate(2) == 4\n",
}
PACK = {
    **HUMANEVAL,
    "task_id": "JavaScript/0",
    "declaration": "\nconst double = (n) => {\n",
    "prompt": "/* Twice n.\n*/\nconst double = (n) => {\n",
    "canonical_solution": "  return 2 * n;\n}\n\n",
    "buggy_solution": "  return n;\n}\n\n",
    "entry_point": "double",
    "import": "",
    "test_setup": "",
    "test": "const testDouble = () => {\n  console.assert(double(2) === 4)\n}\n\ntestDouble()\n",
    "instruction": "Write a JavaScript function `double(n)`.",
}
LEETCODE = {
    "task_id": "reverse-linked-list",
    "question_id": 206,
    "difficulty": "Easy",
    "tags": ["Linked List"],
    "problem_description": "Reverse the list.",
    "starter_code": "class Solution:\n    def reverseList(self, head: Optional[ListNode]) -> ListNode:\n        ",
    "estimated_date": "2015-05-04",
    "prompt": "from typing import *\nclass ListNode:\n    def __init__(self, val=0, next=None):\n"
    "        self.val, self.next = val, next\ndef listed(a):\n    return [a.val, *listed(a.next)] if a else []\n",
    "completion": "class Solution:\n    def reverseList(self, head: Optional[ListNode]) -> Optional[ListNode]:\n"
    "        back = None\n        while head:\n            head.next, back, head = back, head, head.next\n"
    "        return back\n",
    "entry_point": "Solution().reverseList",
    "test": "def check(candidate):\n    assert listed(candidate(ListNode(1, ListNode(2)))) == [2, 1]\n",
    "input_output": [{"input": "head = [1,2]", "output": "[2,1]"}],
    "query": "Reverse it. Put the class into a ```python block.",
    "response": "",
}
MBPP = {
    "task_id": 11,
    "text": "Write a function to double a number.",
    "code": "def double(n):\r\n  return 2 * n",
    "test_list": ["assert double(2) == 4", "assert double(3) == 6"],
    "test_setup_code": "",
    "challenge_test_list": ["assert double(-1) == -2"],
}
PUBLISHED = {
    "apps": APPS,
    "apps call": APPS_CALL,
    "taco": TACO,
    "code_contests": CODE_CONTESTS,
    "livecodebench": LCB,
    "livecodebench call": LCB_CALL,
    "humaneval": HUMANEVAL,
    "leetcode": LEETCODE,
    "mbpp": MBPP,
}


def read(row: Row) -> Task:
    [task] = TaskList.from_rows([row])
    return task


def packed(value: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_format_gives_tasks_that_can_be_judged(name: str) -> None:
    task = read(PUBLISHED[name])
    assert task.task_type == "verifiable_code"
    assert task.source == name.split()[0]
    assert task.metadata["language"] == task.verification_info["language"] == "python"
    assert task.prompt.rstrip().endswith("```python block.")
    assert Task.from_row(json.loads(json.dumps(task.to_row()))) == task
    read_spec(task)  # raises if the verifier could not read it


def stdin(*pairs: tuple[str, str]) -> list[Row]:
    return [{"type": "stdin_stdout", "input": given, "output": expected} for given, expected in pairs]


def test_apps_reads_programs_with_lines_for_strings() -> None:
    task = read(APPS)
    assert task.verification_info == {"language": "python", "test_cases": stdin(("4\n", "8\n"), ("5\n", "10"))}
    assert (task.problem_id, task.in_source_id) == ("17", "17")
    assert task.gold_standard_solution == DOUBLE
    assert task.metadata == {"language": "python", "difficulty": "introductory"}
    assert task.prompt == (
        "Read a number and print its double.\n\nWrite a Python program that reads the input from standard input and "
        "writes the answer to standard output. Put the whole program in one ```python block."
    )


def test_apps_reads_calls_and_unwraps_their_outputs() -> None:
    task = read(APPS_CALL)
    assert task.verification_info["test_cases"] == [
        {"type": "function_call", "fn_name": "total", "input": [[1, 2], 3], "output": 6},
        {"type": "function_call", "fn_name": "total", "input": [[], 0], "output": 0},
    ]
    assert "Start from this code:\n\n```python\ndef total(xs, start):\n```\n\nWrite the Python function `total`" in (
        task.prompt
    )


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([[6], [0]], [6, 0]),
        ([[[6]], [[]]], [[6], []]),
        ([6, 0], [6, 0]),
        ([[6], 0], [[6], 0]),  # not wrapped throughout: taken as they stand
        ([[1, 2], [3]], [[1, 2], [3]]),
        ([[], []], [[], []]),
        ([[None], [True]], [None, True]),
    ],
)
def test_outputs_of_calls_are_unwrapped_only_if_all_are_wrapped(outputs: Any, expected: Any) -> None:
    given = {"fn_name": "f", "inputs": [[1], [2]], "outputs": outputs}
    task = read({**APPS_CALL, "input_output": json.dumps(given)})
    assert [test["output"] for test in task.verification_info["test_cases"]] == expected


@pytest.mark.parametrize("inputs", [["[1, 2]\n3", "[]\n0\n"], ["[[1, 2], 3]", "[[], 0]"], [[[1, 2], 3], [[], 0]]])
@pytest.mark.parametrize("outputs", [["6", "0"], [6, 0], [[6], [0]]])
def test_arguments_may_be_text(inputs: Any, outputs: Any) -> None:
    if isinstance(inputs[0], list) and isinstance(outputs[0], str):
        outputs = [6, 0]  # only where arguments are text, outputs are
    given = {"fn_name": "total", "inputs": inputs, "outputs": outputs}
    tests = read_spec(read({**APPS_CALL, "input_output": json.dumps(given)})).tests
    assert [(test.input.args, test.expected) for test in tests] == [(([1, 2], 3), 6), (([], 0), 0)]


def test_calls_with_int_keys_cannot_be_said_in_json_and_are_left_out() -> None:
    inputs = [[{"1": 2, "-3": 4}], [{"1": 2, "a": 3}], [{}], [{"5": 1}, 2], [3, {"5": 1}]]
    given = {"fn_name": "f", "inputs": inputs, "outputs": [[0], [1], [2], [3], [4]]}
    task = read({**APPS_CALL, "input_output": json.dumps(given)})
    assert [test["output"] for test in task.verification_info["test_cases"]] == [1, 2, 4]
    assert task.metadata["tests_left_out"] == 2


def test_a_method_is_asked_for_as_one() -> None:
    task = read({**APPS_CALL, "starter_code": "class Solution:\n    def total(self, xs, start):\n        "})
    assert "```python\nclass Solution:\n    def total(self, xs, start):\n```" in task.prompt
    assert "Write the Python class `Solution` with the method `total`" in task.prompt


@pytest.mark.parametrize("empty", ["", None, "{}", '{"inputs": [], "outputs": []}'])
def test_a_row_without_tests_is_read_and_cannot_be_scored(empty: str | None) -> None:
    task = read({**APPS, "input_output": empty})
    assert task.verification_info["test_cases"] == []
    with pytest.raises(Exception, match="17"):
        read_spec(task)


def test_apps_names_its_rows_by_either_column_or_by_content() -> None:
    del (nameless := dict(APPS))["problem_id"]
    assert read({**nameless, "id": 5}).problem_id == "5"
    found = read(nameless).problem_id
    assert found.startswith("apps/")
    assert read({**nameless, "difficulty": "other"}).problem_id == found
    assert read({**nameless, "question": "another"}).problem_id != found
    with pytest.raises(TaskError, match=r"^rows in memory, row 1: field `problem_id` must be a string or an integer"):
        read({**APPS, "problem_id": 1.5})


def test_taco_adds_limits_and_tags() -> None:
    task = read(TACO)
    assert task.problem_id.startswith("taco/")
    assert task.verification_info == {
        "language": "python",
        "test_cases": stdin(("4\n", "8\n"), ("5\n", "10")),
        "time_limit_s": 2.5,
        "memory_limit_mb": 256.0,
    }
    assert task.metadata == {
        "language": "python",
        "difficulty": "introductory",
        "time_limit": "2.5 seconds",
        "memory_limit": "256.0 megabytes",
        "tags": "['Mathematics']",
        "source": "codeforces",
    }


@pytest.mark.parametrize(
    ("published", "seconds"), [(None, None), ("2 seconds", 2), ("1.0", 1), (3, 3), ("1 - 2 seconds", None), ("", None)]
)
def test_a_taco_limit_that_is_no_number_is_none(published: Any, seconds: float | None) -> None:
    assert read({**TACO, "time_limit": published}).verification_info.get("time_limit_s") == seconds


def test_code_contests() -> None:
    task = read(CODE_CONTESTS)
    assert task.problem_id == "99_A. Double"
    assert task.verification_info == {
        "language": "python",
        "test_cases": stdin(("4\n", "8\n"), ("5\n", "10\n"), ("6\n", "12\n")),
        "time_limit_s": 1.5,
        "memory_limit_mb": 256_000_000 / 2**20,
    }
    assert task.gold_standard_solution == DOUBLE
    assert task.metadata == {"language": "python", "difficulty": 7, "cf_rating": 800, "cf_tags": ["math"]}


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"time_limit": None}, {"time_limit_s": None}),
        ({"time_limit": {"seconds": None, "nanos": None}}, {"time_limit_s": None}),
        ({"time_limit": {"seconds": 3, "nanos": None}}, {"time_limit_s": 3.0}),
        ({"memory_limit_bytes": 0}, {"memory_limit_mb": None}),
        ({"input_file": "in.txt"}, {"input_file": "in.txt"}),
    ],
)
def test_code_contests_variants(fields: Row, changed: Row) -> None:
    plain, task = read(CODE_CONTESTS), read({**CODE_CONTESTS, **fields})
    expected = {**plain.verification_info, **changed}
    assert task.verification_info == {name: value for name, value in expected.items() if value is not None}


def test_code_contests_without_a_python_3_solution_has_no_gold() -> None:
    solutions = {"language": [1, 2], "solution": ["print 1", "int main() {}"]}
    assert read({**CODE_CONTESTS, "solutions": solutions}).gold_standard_solution is None
    listed = [{"language": "PYTHON3", "solution": "print(1)"}]
    assert read({**CODE_CONTESTS, "solutions": listed}).gold_standard_solution == "print(1)"


def test_livecodebench_programs() -> None:
    task = read(LCB)
    assert task.problem_id == "abc999_a"
    assert task.verification_info["test_cases"] == stdin(("4\n", "8\n"), ("5\n", "10\n"))
    assert task.metadata == {
        "language": "python",
        "title": "Double",
        "difficulty": "easy",
        "platform": "atcoder",
        "contest_date": "2024-01-06T00:00:00",
    }


def test_livecodebench_calls_have_an_argument_a_line() -> None:
    task = read(LCB_CALL)
    assert task.verification_info["test_cases"] == [
        {"type": "function_call", "fn_name": "total", "input": [[1, 2], "a"], "output": 3},
        {"type": "function_call", "fn_name": "total", "input": [[], "b"], "output": 0},
    ]
    assert "Write the Python class `Solution` with the method `total`" in task.prompt


@pytest.mark.parametrize("row", [LCB, LCB_CALL], ids=["program", "call"])
def test_private_tests_may_be_packed(row: Row) -> None:
    assert read({**row, "private_test_cases": packed(row["private_test_cases"])}) == read(row)


class _Runs:
    def __reduce__(self) -> Any:
        return (os.mkdir, (os.environ["PICKLE_RAN"],))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (_Runs(), r"is not a pickle of a string: names posix\.mkdir"),
        ([_Runs()], r"is not a pickle of a string: names posix\.mkdir"),
        (["[]"], r"is a pickle of list, not of a string"),
        (b"[]", r"is not a pickle of a string: names _codecs\.encode|is a pickle of bytes, not of a string"),
        ("{", r"is not JSON: .*"),
    ],
)
def test_a_pickle_that_is_more_than_a_string_is_refused(
    value: object, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICKLE_RAN", str(tmp_path / "ran"))
    with pytest.raises(TaskError, match=rf"^rows in memory, row 1: field `private_test_cases` (?:{message})$"):
        read({**LCB, "private_test_cases": packed(value)})
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no base64!", "is neither JSON nor base64 of zlib of a pickle: "),
        (base64.b64encode(b"no zlib").decode(), "is neither JSON nor base64 of zlib of a pickle: "),
        (base64.b64encode(zlib.compress(b"x" * 99)[:-8]).decode(), "is cut off, or unpacks to more than "),
        (base64.b64encode(zlib.compress(b"x" * 2_000)).decode(), "is cut off, or unpacks to more than 1,000 bytes"),
        (base64.b64encode(zlib.compress(b"")).decode(), "is not a pickle of a string: "),
        (base64.b64encode(zlib.compress(b"Pid\n.")).decode(), "is not a pickle of a string: names an object outside"),
    ],
)
def test_private_tests_that_cannot_be_unpacked(text: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livecodebench, "MAX_UNPACKED", 1_000)
    with pytest.raises(TaskError, match=f"^rows in memory, row 1: field `private_test_cases` {message}"):
        read({**LCB, "private_test_cases": text})


def test_humaneval() -> None:
    task = read(HUMANEVAL)
    assert task.verification_info == {
        "language": "python",
        "assertions": {
            "code": HUMANEVAL["test"],
            "entry_point": "double",
            "prelude": HUMANEVAL["prompt"],
        },
    }
    assert task.gold_standard_solution == HUMANEVAL["prompt"] + "    return 2 * n\n"
    assert task.prompt.startswith('Complete this Python function:\n\n```python\ndef double(n: int) -> int:\n    """')


@pytest.mark.parametrize(
    ("row", "fields", "message"),
    [
        (APPS, {"question": None}, "field `question` must be a non-empty string, got nothing"),
        (APPS, {"question": " "}, "field `question` must be a non-empty string, got str ' '"),
        (APPS, {"input_output": "{"}, "field `input_output` is not JSON: "),
        (APPS, {"input_output": "[" * 200_000}, "field `input_output` is not JSON: "),
        (
            APPS,
            {"input_output": "[]"},
            "field `input_output` must hold an object with `inputs` and `outputs`, got list",
        ),
        (APPS, {"input_output": '{"inputs": ["1"], "outputs": []}'}, "field `input_output` must hold two lists of one"),
        (APPS, {"input_output": '{"inputs": "1", "outputs": "1"}'}, "field `input_output` must hold two lists of one"),
        (
            APPS,
            {"input_output": '{"inputs": ["1", [2]], "outputs": ["1", "2"]}'},
            r"field `input_output` must hold strings or lists of lines, test 2 has list \[2\]",
        ),
        (
            APPS,
            {"input_output": '{"fn_name": "f", "inputs": [[1], 2], "outputs": [1, 2]}'},
            "field `input_output` must hold a list of arguments as input 2, got int 2",
        ),
        (APPS, {"input_output": '{"fn_name": 3, "inputs": [], "outputs": []}'}, "names a function in `fn_name`, got"),
        (APPS, {"solutions": "[3]"}, r"field `solutions` must hold a list of programs, got list \[3\]"),
        (APPS, {"starter_code": 3}, "field `starter_code` must be a string or null, got int 3"),
        (TACO, {"time_limit": [2]}, r"field `time_limit` must be a number or null, got list \[2\]"),
        (CODE_CONTESTS, {"name": ""}, "field `name` must be a non-empty string, got str ''"),
        (CODE_CONTESTS, {"public_tests": {"input": ["1"], "output": []}}, "field `public_tests` must hold two lists"),
        (CODE_CONTESTS, {"generated_tests": "[]"}, "field `generated_tests` must hold two lists of one length"),
        (
            CODE_CONTESTS,
            {"private_tests": {"input": [1], "output": ["1"]}},
            "`private_tests` must hold strings, got int",
        ),
        (CODE_CONTESTS, {"memory_limit_bytes": "big"}, "field `memory_limit_bytes` must be a number or null, got str"),
        (CODE_CONTESTS, {"time_limit": {"seconds": "1"}}, "field `time_limit` must be a number or null, got str '1'"),
        (LCB, {"question_id": None}, "field `question_id` must be a non-empty string, got nothing"),
        (LCB, {"public_test_cases": "{}"}, "field `public_test_cases` must hold a list of tests, got dict {}"),
        (LCB, {"public_test_cases": "[3]"}, "must hold tests with the strings `input` and `output`, test 1 is int 3"),
        (
            LCB,
            {"public_test_cases": '[{"input": "", "output": "", "testtype": "odd"}]'},
            "`public_test_cases` must have `stdin` or `functional` as `testtype`, test 1 has str 'odd'",
        ),
        (LCB_CALL, {"metadata": ""}, "`metadata` must name the function in `func_name`, which test 1 of"),
        (LCB_CALL, {"metadata": "3"}, "field `metadata` must hold an object, got int 3"),
        (
            LCB_CALL,
            {"public_test_cases": '[{"input": "[1", "output": "3", "testtype": "functional"}]'},
            "field `public_test_cases` is not JSON: ",
        ),
        (HUMANEVAL, {"test": None}, "field `test` must be a non-empty string, got nothing"),
        (HUMANEVAL, {"prompt": 3}, "field `prompt` must be a non-empty string, got int 3"),
    ],
)
def test_a_malformed_row_is_one_line_that_names_row_and_field(row: Row, fields: Row, message: str) -> None:
    with pytest.raises(TaskError, match=rf"^rows in memory, row 2: .*{message}") as caught:
        TaskList.from_rows([row, {**row, **fields}])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parquet_gives_the_same_tasks_as_json_lines(name: str, write: Any, tmp_path: Path) -> None:
    row = PUBLISHED[name]
    table = tmp_path / "tasks.parquet"
    pq.write_table(pa.Table.from_pylist([row]), table)
    [stored], [written] = open_tasks(table), open_tasks(write([row]))
    assert stored == written == read(row)
    assert open_tasks(table).get(stored.problem_id) == stored


def test_leetcode() -> None:
    task = read(LEETCODE)
    assert task.verification_info["assertions"] == {
        "code": LEETCODE["test"],
        "entry_point": "Solution().reverseList",
        "prelude": LEETCODE["prompt"],
    }
    assert (task.prompt, task.gold_standard_solution) == (LEETCODE["query"], LEETCODE["completion"])
    assert task.metadata == {
        "language": "python",
        "difficulty": "Easy",
        "question_id": 206,
        "tags": ["Linked List"],
        "estimated_date": "2015-05-04",
    }
    composed = read({**LEETCODE, "query": None}).prompt
    assert composed.startswith("Reverse the list.\n\nStart from this code:\n\n```python\nclass Solution:")
    assert "the Python class `Solution` with the method `reverseList`" in composed


PACKED = {
    "Python/0": HUMANEVAL,
    "JavaScript/0": PACK,
    "CPP/0": {
        "prompt": "/*\nTwice n.\n*/\n#include<vector>\nusing namespace std;\nint twice(int n){\n",
        "canonical_solution": "    return 2 * n;\n}\n",
        "test": "#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (twice(2)==4);\n}\n",
        "entry_point": "twice",
    },
    "Rust/0": {
        "prompt": "/*\n Twice n.\n*/\nuse std::{slice::Iter, cmp::{max, self}};\nuse rand::Rng;\n"
        "use regex::Regex;\nuse md5;\nuse std::any::{Any, TypeId};\n\nfn twice(n:i32) -> i32{\n",
        "canonical_solution": "    2 * n\n}\n",
        "test": "\n#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn test_twice() {\n"
        "        assert_eq!(twice(2), 4);\n    }\n}\n",
        "entry_point": "twice",
    },
}


@pytest.mark.parametrize(
    ("task_id", "language"), list(zip(PACKED, ["python", "javascript", "cpp", "rust"], strict=True))
)
def test_humanevalpack_in_its_own_languages(task_id: str, language: str) -> None:
    row = {**PACK, **PACKED[task_id], "task_id": task_id}
    task = read(row)
    assert (task.source, task.metadata) == ("humanevalpack", {"language": language})
    assertions = task.verification_info["assertions"]
    assert assertions["code"] == row["test"]
    assert ("prelude" in assertions) is (language == "python")
    assert task.prompt.rstrip().endswith(f"in one ```{language} block.")
    assert "use md5" not in task.prompt
    spec = read_spec(task)
    assert spec.language.name == language
    assert spec.assertions is not None
    assert spec.assertions.shared is (language != "python")


@pytest.mark.parametrize("name", ["leetcode", "mbpp", "humaneval", *PACKED])
def test_golds_pass_and_buggy_ones_fail(name: str, sandbox_kind: str) -> None:
    row = PUBLISHED[name] if name in PUBLISHED else {**PACK, **PACKED[name], "task_id": name}
    task = read(row)
    with Scorer() as scorer:
        gold = Code().gold_completion(task)
        assert gold is not None
        wrong = gold.replace("2 * n", "3 * n").replace("return back", "return head")
        assert wrong != gold
        right, refused = scorer.score_sync([(task, gold), (task, wrong)])
    assert right.score == 1.0, right
    assert refused.score == 0.0, refused


def test_mbpp() -> None:
    task = read({**MBPP, "test_setup_code": "import math", "test_imports": ["import re"]})
    statements = ["import re", "import math", *MBPP["test_list"], *MBPP["challenge_test_list"]]
    assert [case["assert_case"] for case in task.verification_info["test_cases"]] == statements
    assert task.problem_id == "mbpp/11"
    assert "assert double(3) == 6" in task.prompt
    assert "double(-1)" not in task.prompt
    sanitized = {name: value for name, value in MBPP.items() if name not in ("text", "challenge_test_list")}
    assert read({**sanitized, "prompt": MBPP["text"]}).prompt == read(MBPP).prompt


BIGCODEBENCH = {
    "task_id": "BigCodeBench/0",
    "complete_prompt": "import itertools\ndef task_func(numbers): ...",
    "instruct_prompt": "Calculate.",
    "canonical_solution": "    return 1",
    "code_prompt": "def task_func(numbers):",
    "test": "import unittest\nclass TestCases(unittest.TestCase):\n    def test_case_1(self): pass",
    "entry_point": "task_func",
    "doc_struct": "{}",
    "libs": "['pandas', 'itertools']",
}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            BIGCODEBENCH,
            r"field `test` is a unittest.TestCase of BigCodeBench, .* \(it needs \['pandas', 'itertools'\]\)",
        ),
        (
            {**BIGCODEBENCH, "libs": None},
            "field `test` is a unittest.TestCase of BigCodeBench, which is not supported: only",
        ),
        (
            {**PACK, "task_id": "Java/0"},
            "field `task_id` says that the row is of 'Java'; only Python, JavaScript, CPP, Rust",
        ),
        ({**PACK, "task_id": "Go/12"}, "field `task_id` says that the row is of 'Go'"),
        ({**MBPP, "task_id": 1.5}, "field `task_id` must be a string or an integer, got float 1.5"),
        ({**MBPP, "test_list": "assert 1"}, "field `test_list` must hold a list of statements, got str"),
        ({**MBPP, "test_list": []}, "field `test_list` must hold at least one statement"),
        ({**LEETCODE, "entry_point": None}, "field `entry_point` must be a non-empty string, got nothing"),
        ({**LEETCODE, "query": 3}, "field `query` must be a string or null, got int 3"),
    ],
)
def test_rows_that_cannot_be_tested_are_refused_and_say_why(row: Row, message: str) -> None:
    with pytest.raises(TaskError, match=rf"^rows in memory, row 1: {message}") as caught:
        read(row)
    assert "\n" not in str(caught.value)


def test_synthetic1_rows_pass_unchanged() -> None:
    tests = [{"type": "function_call", "fn_name": "f", "input": [[1], {"a": None}], "output": [2]}]
    row = {
        "problem_id": "vcp_1",
        "source": "apps",
        "task_type": "verifiable_code",
        "in_source_id": "9",
        "prompt": "Solve it.",
        "gold_standard_solution": None,
        "verification_info": repr({"language": "rust", "test_cases": tests}),  # as published: a Python literal
        "metadata": repr({"difficulty": "interview"}),
        "hf_dataset_name": "x",
        "llm_response": "…",
    }
    task = read(row)
    assert (task.problem_id, task.prompt, task.source) == ("vcp_1", "Solve it.", "apps")
    assert task.verification_info == {"language": "rust", "test_cases": tests}
    read_spec(task)


def test_all_of_humaneval(shared_data: Path, require: Any, tmp_path: Path) -> None:
    published = shared_data / "HumanEval.jsonl.gz"
    require("HumanEval", published.is_file(), "put HumanEval.jsonl.gz into the shared data")
    rows = [json.loads(line) for line in gzip.decompress(published.read_bytes()).splitlines()]
    source = open_tasks(published)
    assert len(source) == len(rows) == 164
    assert next(source.validate(), None) is None
    script = []
    for row, task in zip(rows, source, strict=True):
        assert source.get(row["task_id"]) == task
        assert row["prompt"].strip("\n") in task.prompt
        assert row["canonical_solution"].strip() not in task.prompt
        read_spec(task)
        script.append([task.gold_standard_solution, task.verification_info["assertions"]["code"], row["entry_point"]])
    # Published code, run as it is: gold and assertions fit together.
    runner = (
        "import json, sys\nfor gold, test, name in json.load(sys.stdin):\n"
        "    scope = {}\n    exec(gold, scope)\n    exec(test, scope)\n    scope['check'](scope[name])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", runner], input=json.dumps(script), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-500:]
