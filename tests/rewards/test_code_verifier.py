"""The code verifier over a real sandbox: right and wrong programs, checkers, assertions, and what must stay outside."""

from __future__ import annotations

import gzip
import json
import os

import pytest

import synthetic1.sandbox.execution.slot
from synthetic1 import Completion, Scorer, Task
from synthetic1.rewards.code import Code

SECRET = "8675309"


@pytest.fixture(scope="module")
def scorers(sandbox_kind):
    """``scorers(credit=…)``: one scorer for each setting."""
    made = {}

    def scorer(**settings):
        key = json.dumps(settings, sort_keys=True)
        if key not in made:
            made[key] = Scorer([Code(**settings)])
        return made[key]

    yield scorer
    for one in made.values():
        one.close()


@pytest.fixture
def verify(scorers):
    """``verify(task, source)``: the verdict of a program in a fence."""

    def verdict(task, source, **settings):
        fence = f"```{task.verification_info['language']}\n{source}\n```"
        return scorers(**settings).score_sync([(task, Completion.parse(f"<think>so</think>{fence}"))])[0]

    return verdict


def make_task(*tests, language="python", **info):
    info = {"language": language, "test_cases": list(tests), **info}
    return Task(problem_id="p", task_type="verifiable_code", prompt="Do it.", verification_info=info)


def stdio(given, expected):
    return {"type": "stdin_stdout", "fn_name": None, "input": given, "output": expected}


def call(args, expected, name="f"):
    return {"type": "function_call", "fn_name": name, "input": args, "output": expected}


DOUBLE = (stdio("1\n", "2\n"), stdio("20\n", "40\n"), stdio("-3\n", "-6\n"))
PROGRAMS = {
    "python": "print(2 * int(input()))",
    "javascript": "console.log(2 * Number(require('fs').readFileSync(0, 'utf8')))",
    "cpp": "#include <bits/stdc++.h>\nint main() { long long n; std::cin >> n; std::cout << 2 * n; }",
    "rust": "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap(); "
    'println!("{}", 2 * s.trim().parse::<i64>().unwrap()); }',
}
FUNCTIONS = {
    "python": "def f(a, b):\n    return [a + b, a * b]",
    "javascript": "function f(a, b) { return [a + b, a * b]; }",
    "cpp": "#include <vector>\nstd::vector<int> f(int a, int b) { return {a + b, a * b}; }",
    "rust": "fn f(a: i64, b: i64) -> Vec<i64> { vec![a + b, a * b] }",
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_in_each_language(verify, language, sandbox_kind):
    task = make_task(*DOUBLE, language=language)
    right = verify(task, PROGRAMS[language])
    assert (right.score, right.reason, right.answer) == (1.0, "correct", PROGRAMS[language] + "\n")
    assert right.details == {"passed": 3, "tests": 3, "sandbox": sandbox_kind}
    wrong = verify(task, PROGRAMS[language].replace("2 *", "40 +"))
    assert (wrong.score, wrong.reason) == (0.0, "wrong_answer")
    assert wrong.details["failed"] == {"index": 0, "status": "wrong_answer", "why": "token 1 differs"}


@pytest.mark.parametrize("language", FUNCTIONS)
def test_a_function_in_each_language(verify, language):
    task = make_task(call([2, 3], [5, 6]), call([0, 1], [1, 0]), language=language)
    assert verify(task, FUNCTIONS[language]).score == 1.0
    wrong = verify(task, FUNCTIONS[language].replace("a * b", "a * a"))
    assert (wrong.score, wrong.reason) == (0.0, "wrong_answer")


# (case, program, reason) of a task that asks for twice the number on stdin
FATES = [
    ("right", "print(2 * int(input()))", "correct"),
    ("20, 21 CRLF and no newline", "import sys; sys.stdout.write(f'{2 * int(input())}\\r')", "correct"),
    ("28 os._exit", "import os\nprint(2 * int(input()), flush=True)\nos._exit(0)", "correct"),
    ("LCB: open(0)", "print(2 * int(open(0).read()))", "correct"),
    ("LCB: os.read, os.write", "import os\nos.write(1, str(2 * int(os.read(0, 99))).encode())", "correct"),
    ("LCB: buffers", "import sys\nsys.stdout.buffer.write(b'%d' % (2 * int(sys.stdin.buffer.readline())))", "correct"),
    ("LCB: globals", "n = 0\ndef f():\n    global n\n    n = 2 * int(input())\nf()\nprint(n)", "correct"),
    ("a main guard", "if __name__ == '__main__':\n    print(2 * int(input()))", "correct"),
    ("61 not ASCII", "é = int(input())  # 😀 日本\nprint(2 * é)", "correct"),
    ("62 future", "from __future__ import annotations\nprint(2 * int(input()))", "correct"),
    ("63 coding", "# -*- coding: latin-1 -*-\nprint(2 * int(input()))", "correct"),
    ("stderr", "import sys\nprint('debug', file=sys.stderr)\nprint(2 * int(input()))", "correct"),
    ("26 exit before output", "exit(0)", "wrong_answer"),
    ("19 NUL and no UTF-8", "import sys; sys.stdout.buffer.write(b'\\x00\\xff')", "wrong_answer"),
    ("first line only", "print()", "wrong_answer"),
    ("an extra line", "print(2 * int(input()))\nprint(1)", "wrong_answer"),
    ("APPS, 27: exit(3) behind the right output", "print(2 * int(input()))\nexit(3)", "runtime_error"),
    ("24 reads past the end", "print(2 * int(input()))\ninput()", "runtime_error"),
    ("raises", "1 / 0", "runtime_error"),
    ("29 abort behind the right output", "import os\nprint(2 * int(input()), flush=True)\nos.abort()", "runtime_error"),
    ("1 spins", "while True: pass", "time_limit"),
    ("6 memory", "x = bytearray(10**9)\nprint(2 * int(input()))", "memory_limit"),
    ("16 flood", "while True: print('x' * 10**6)", "output_limit"),
    ("syntax error", "print(", "runtime_error"),
]


@pytest.mark.parametrize(("source", "reason"), [row[1:] for row in FATES], ids=[row[0] for row in FATES])
def test_what_becomes_of_a_program(verify, source, reason):
    verdict = verify(make_task(*DOUBLE, time_limit_s=1.0 if reason == "time_limit" else 10.0), source)
    assert verdict.reason == reason
    assert verdict.score == float(reason == "correct")
    assert reason == "correct" or verdict.details["failed"]["index"] == 0


# (case, program, reason): of a task that asks for f() == [1, "a"], with everything at hand that a program may try
CHEATS = [
    ("38 equal to all", "class E:\n    def __eq__(self, other): return True\ndef f(): return E()"),
    ("46 exit at import", "import sys\nsys.exit(0)"),
    ("41 atexit", "import atexit, os\natexit.register(lambda: os.write(3, b'{}'))\ndef f(): return 2"),
    ("47 repr", "class S(str):\n    def __repr__(self): return '[1, \"a\"]'\ndef f(): return S('x')"),
    ("40 json", "import json\njson.dumps = lambda *a, **k: '[1, \"a\"]'\ndef f(): return 2"),
    (
        "42 forged frame",
        'import os\nfor fd in range(3, 9):\n    try: os.write(fd, b\'0 {"value": [1, "a"]}\\n\')\n'
        "    except OSError: pass\ndef f(): return 2",
    ),
    ("os._exit", "import os\ndef f(): os._exit(0)"),
    ("no such function", "def g(): return [1, 'a']"),
    ("prints instead", "def f(): print([1, 'a'])"),
    ("live", "def f(): return lambda: [1, 'a']"),
    ("48 recursion", "def f(): return f()"),
]


@pytest.mark.parametrize("source", [row[1] for row in CHEATS], ids=[row[0] for row in CHEATS])
def test_what_gains_nothing(verify, source):
    verdict = verify(make_task(call([], [1, "a"])), source)
    assert verdict.score == 0.0
    assert verdict.reason in {"wrong_answer", "tampered", "runtime_error", "compile_error", "memory_limit"}
    assert verify(make_task(call([], [1, "a"])), "def f(): return [1, 'a']").score == 1.0


def test_both_kinds_of_tests_in_one_task(verify):
    task = make_task(stdio("1\n", "2\n"), call([4], 8), stdio("3\n", "6\n"))
    source = "def f(n):\n    return 2 * n\n\nif __name__ == '__main__':\n    print(f(int(input())))"
    assert verify(task, source).details["passed"] == 3
    assert verify(task, source.replace("return 2", "return 3")).details["failed"]["index"] == 0


def test_credit_for_a_fraction(verify):
    task = make_task(*DOUBLE, stdio("5\n", "10\n"))
    source = "n = int(input())\nprint(2 * n if n > 0 else 1 / 0)"
    verdict = verify(task, source, credit="fraction")
    assert (verdict.score, verdict.reason) == (0.75, "partial")
    assert verdict.details["failed"] == {"index": 2, "status": "runtime_error", "why": "exit code 1"}
    assert (verdict.details["passed"], verdict.details["tests"]) == (3, 4)
    assert verify(task, source).score == 0.0
    assert verify(task, source).details["passed"] == 2  # nothing behind the failure is run
    nothing = verify(task, "print(1)", credit="fraction")
    assert (nothing.score, nothing.reason) == (0.0, "wrong_answer")


def test_only_the_longest_tests(verify):
    task = make_task(stdio("1\n", "wrong"), stdio("100\n", "200"), stdio("2000\n", "4000"))
    assert verify(task, PROGRAMS["python"], max_tests=2).details["tests"] == 2
    assert verify(task, PROGRAMS["python"], max_tests=2).score == 1.0


def test_megabytes_of_right_output(verify):
    """18, and SandboxFusion's `wait()`: 5 MB are no time limit."""
    task = make_task(stdio("5000000\n", "x" * 5_000_000))
    assert verify(task, "print('x' * int(input()), end='')").score == 1.0
    assert verify(task, "print('x' * (int(input()) - 1) + 'y')").reason == "wrong_answer"


def test_three_time_limits_are_enough(verify):
    task = make_task(*(stdio(f"{n}\n", f"{2 * n}\n") for n in range(40)), time_limit_s=0.5)
    source = "n = int(input())\nwhile n > 1: pass\nprint(2 * n)"
    verdict = verify(task, source, credit="fraction")
    assert (verdict.details["passed"], verdict.score) == (2, 0.05)


def test_what_only_a_fork_does_wrong_does_not_count(verify):
    """11: the fork server is not quite a fresh interpreter; this program is right in one only."""
    source = "import sys\nn = int(input())\nprint(2 * n if 'json' not in sys.modules else 0)"
    assert verify(make_task(*DOUBLE), source).score == 1.0
    assert verify(make_task(*DOUBLE), source, credit="fraction").score == 1.0


def test_compile_errors(verify):
    for language in ("cpp", "rust"):
        verdict = verify(make_task(*DOUBLE, language=language), "int main( {")
        assert (verdict.score, verdict.reason) == (0.0, "compile_error")


def test_lone_surrogates_break_nothing(verify):
    assert verify(make_task(*DOUBLE), "print('\ud800')").score == 0.0
    assert verify(make_task(*DOUBLE, language="cpp"), 'int main() { "\ud800"; }').score == 0.0


SUM = """
def check(input, output, expected):
    total = int(input)
    parts = output.split()
    if not all(part.isdigit() for part in parts):
        return "no numbers"
    return sum(map(int, parts)) == total
"""


def test_a_checker_program_takes_any_right_answer(verify):
    task = make_task(stdio("5\n", "2 3\n"), stdio("9\n", "9\n"), checker={"program": SUM})
    assert verify(task, "n = int(input())\nprint(1, n - 1)").score == 1.0
    assert verify(task, "print(input())").score == 1.0
    wrong = verify(task, "print(int(input()) + 1)")
    assert (wrong.reason, wrong.details["failed"]["why"]) == ("wrong_answer", "refused by the checker program")
    assert verify(task, "print('x')").details["failed"]["why"] == "no numbers"
    assert verify(task, "import sys; sys.stdout.buffer.write(b'\\xff')").reason == "wrong_answer"
    half = verify(task, "n = int(input())\nprint(n if n == 5 else 1)", credit="fraction")
    assert (half.score, half.details["failed"]["index"]) == (0.5, 1)


def test_a_checker_program_looks_at_values(verify):
    checker = "import json\ndef check(i, o, e):\n    return json.loads(o) in ([1, 2], [2, 1])"
    task = make_task(call([], [1, 2]), checker={"program": checker})
    assert verify(task, "def f(): return [2, 1]").score == 1.0
    assert verify(task, "def f(): return [1, 1]").score == 0.0


def test_an_output_that_the_checker_chokes_on_is_wrong(verify):
    task = make_task(stdio("5\n", "5\n"), checker={"program": "def check(i, o, e):\n    return int(o) == int(i)"})
    verdict = verify(task, "print('five')")
    assert (verdict.score, verdict.reason) == (0.0, "wrong_answer")


@pytest.mark.parametrize(
    "checker",
    ["def check(i, o, e): return 1 / 0", "def check(i, o, e): return 5", "def check(", "x = 1", "raise SystemExit"],
)
def test_a_checker_that_fails_by_itself_is_the_tasks_fault(verify, checker):
    verdict = verify(make_task(stdio("5\n", "5\n"), checker={"program": checker}), "print(5)")
    assert (verdict.score, verdict.reason) == (None, "unscorable_task")
    assert verdict.details["why"].startswith("task `p`: the checker program")


@pytest.fixture
def sent(monkeypatch):
    """All that goes to agents, as one sequence of bytes for each frame."""
    frames, encode = [], synthetic1.sandbox.execution.slot.encode

    def recording(header, blobs=()):
        pieces = encode(header, blobs)
        frames.append(b"".join(bytes(piece) for piece in pieces))
        return pieces

    monkeypatch.setattr(synthetic1.sandbox.execution.slot, "encode", recording)
    return frames


@pytest.mark.parametrize("language", PROGRAMS)
@pytest.mark.parametrize("credit", ["all", "fraction"])
def test_expected_outputs_stay_outside(verify, sent, language, credit):
    """44: what is not in the sandbox cannot be found there."""
    half = str(int(SECRET) / 2)
    verify(make_task(stdio("1\n", SECRET), stdio("2\n", half), language=language), PROGRAMS[language], credit=credit)
    verify(make_task(call([1, 2], [SECRET, int(SECRET)]), language=language), FUNCTIONS[language], credit=credit)
    assert len(sent) > 4
    assert not [frame for frame in sent if SECRET.encode() in frame or half.encode() in frame]


def test_the_candidate_sees_no_checker_and_no_assertion(verify, sent):
    verify(make_task(stdio("1\n", SECRET), checker={"program": SUM}), "MARK = 1\nprint(1)")
    assertions = {"code": f"def check(candidate):\n    assert candidate(1) == {SECRET}", "entry_point": "f"}
    verify(asserting(assertions), "MARK = 1\ndef f(n):\n    return n")
    assert any(b"MARK" in frame for frame in sent)
    assert any(SECRET.encode() in frame for frame in sent)
    assert not [frame for frame in sent if b"MARK" in frame and SECRET.encode() in frame]


def asserting(assertions):
    info = {"language": "python", "assertions": assertions}
    return Task(problem_id="p", task_type="verifiable_code", prompt="Do it.", verification_info=info)


# (case, body of check, candidate, reason, trust)
ASSERTED = [
    ("right", "assert candidate(2) == 4", "def f(n): return 2 * n", "correct", None),
    ("wrong", "assert candidate(2) == 4", "def f(n): return n", "wrong_answer", None),
    ("by name", "assert f(2) == candidate(2) == 4", "def f(n): return 2 * n", "correct", None),
    ("tuples stay tuples", "assert candidate(2) == (2, [2])", "def f(n): return n, [n]", "correct", None),
    ("a list is no tuple", "assert candidate(2) == (2, 2)", "def f(n): return [n, n]", "wrong_answer", None),
    (
        "sets, keys, None",
        "assert candidate(2) == {1: {2}, None: 2.5}",
        "def f(n): return {1: {n}, None: 2.5}",
        "correct",
        None,
    ),
    ("big numbers", "assert candidate(9**9999) == 9**9999 + 1", "def f(n): return n + 1", "correct", None),
    ("keywords", "assert candidate(n=2) == 4", "def f(n): return 2 * n", "correct", None),
    ("iterators", "assert tuple(candidate(3)) == (0, 1, 2)", "def f(n): return (i for i in range(n))", "correct", None),
    (
        "exceptions",
        "try:\n        candidate(0)\n    except ZeroDivisionError:\n        return\n    assert False",
        "def f(n): return 1 / n",
        "correct",
        None,
    ),
    ("an exception", "assert candidate(0) == 4", "def f(n): return 1 / n", "runtime_error", None),
    (
        "state stays",
        "candidate(1); assert candidate(1) == 2",
        "x = []\ndef f(n):\n    x.append(n)\n    return len(x)",
        "correct",
        None,
    ),
    (
        "38 equal to all",
        "assert candidate(2) == 4",
        "class E:\n    def __eq__(s, o): return True\ndef f(n): return E()",
        "wrong_answer",
        None,
    ),
    ("46 exit at import", "assert candidate(2) == 4", "import sys; sys.exit(0)", "tampered", None),
    ("exit in a call", "assert candidate(2) == 4", "import os\ndef f(n): os._exit(0)", "tampered", None),
    (
        "forged answers",
        "assert candidate(2) == 4",
        "import os\ndef f(n): os.write(3, b'x {}\\n'); return 4",
        "tampered",
        None,
    ),
    ("in place", "x = [2, 1]; candidate(x); assert x == [1, 2]", "def f(a): a.sort()", "correct", None),
    ("in place, wrong", "x = [2, 1]; candidate(x); assert x == [1, 2]", "def f(a): pass", "wrong_answer", None),
    (
        "in place, deep",
        "x = [[2], {'a': 1}, {1}]; y = x[0]; candidate(1, grid=x); assert (x, y) == ([[3], {}, {2}], [3])",
        "def f(n, grid):\n    grid[0][0] += n; grid[1].clear(); grid[2].add(2); grid[2].remove(1)",
        "correct",
        None,
    ),
    ("in place, longer", "x = [1]; candidate(x); assert x == [1, [2]]", "def f(a): a.append([2])", "correct", None),
    ("in place, live", "x = [1]; candidate(x); assert x == [1]", "def f(a): a.append(object())", "correct", None),
    (
        "what is compared cannot be changed",
        "x = [2, 1]; assert candidate(x) == sorted(x)",
        "def f(a):\n    a.clear()\n    return []",
        "wrong_answer",
        None,
    ),
    ("iterators are passed", "assert candidate(iter([1, 2])) == 3", "def f(a): return sum(a)", "correct", None),
    ("modules", "assert math.isclose(candidate(2), 4)", "def f(n): return 4.0 + 1e-12", "correct", None),
    (
        "functions of modules are the candidate's",
        "assert gcd(4, 6) == candidate(4, 6) == 2",
        "def gcd(a, b): return 1\ndef f(a, b): return 2",
        "wrong_answer",
        None,
    ),
    ("spins", "assert candidate(2) == 4", "def f(n):\n    while True: pass", "time_limit", None),
    ("no function", "assert candidate(2) == 4", "def g(n): return 4", "runtime_error", None),
    ("no program", "assert candidate(2) == 4", "def f(", "runtime_error", None),
    ("live argument", "assert candidate(lambda: 2) == 4", "def f(n): return 2 * n()", "correct", "shared"),
    (
        "live argument of a method",
        "assert f(lambda: 2) == candidate(lambda: 2) == floor(4.5)",
        "class Solution:\n    def f(self, n): return 2 * n()",
        "correct",
        "shared",
    ),
    ("live argument, no function", "assert candidate(lambda: 2) == 4", "def g(n): return 4", "runtime_error", "shared"),
    ("live argument, wrong", "assert candidate(lambda: 2) == 4", "def f(n): return n()", "wrong_answer", "shared"),
    ("live argument, exit", "assert candidate(lambda: 2) == 4", "import sys; sys.exit(0)", "tampered", "shared"),
    (
        "too deep is not live",
        "assert candidate([candidate(0)]) == 4",
        "def f(n):\n    x = []\n    for _ in range(198): x = [x]\n    return x",
        "wrong_answer",
        None,
    ),
]


@pytest.mark.parametrize(
    ("body", "source", "reason", "trust"), [row[1:] for row in ASSERTED], ids=[row[0] for row in ASSERTED]
)
def test_assertions(verify, body, source, reason, trust):
    task = asserting({"code": f"def check(candidate):\n    {body}\n", "entry_point": "f"})
    verdict = verify(task, source, time_limit_s=1.0 if reason == "time_limit" else 10.0)
    assert verdict.reason == reason, verdict
    assert verdict.details.get("trust") == trust


def test_live_objects_by_declaration(verify):
    task = asserting({"code": "def check(c):\n    assert c()() == 4", "entry_point": "f", "trust": "shared"})
    verdict = verify(task, "def f(): return lambda: 4")
    assert (verdict.score, verdict.details["trust"]) == (1.0, "shared")


@pytest.mark.parametrize("code", ["def check(", "x = 1", "def check(candidate): assert False", "1 / 0"])
def test_assertions_that_fail_by_themselves_are_the_tasks_fault(verify, code):
    verdict = verify(asserting({"code": code, "entry_point": "f"}), "def f(): return 4")
    assert (verdict.score, verdict.reason) == (None, "unscorable_task")


REVERSED = "class Solution:\n    def f(self, head: Optional[ListNode]) -> Optional[ListNode]:\n        p = None\n"
REVERSED += "        while head: head.next, p, head = p, head, head.next\n        return p"
IN_PLACE = (call([["h", "i"]], ["i", "h"]), call([["a"]], ["a"]), call([[]], []))
# (case, tests, programs by language that are right, programs that are wrong)
LEETCODE = [
    (
        "in place",
        IN_PLACE,
        {
            "python": "class Solution:\n    def f(self, s: List[str]) -> None:\n        s.reverse()",
            "javascript": "var f = function(s) { s.reverse() };",
            "cpp": "class Solution {\npublic:\n    void f(vector<char>& s) { reverse(s.begin(), s.end()); }\n};",
            "rust": "impl Solution {\n    pub fn f(s: &mut Vec<char>) { s.reverse(); }\n}",
        },
        {
            "python": "class Solution:\n    def f(self, s: List[str]) -> None:\n        pass",
            "javascript": "var f = function(s) { };",
            "cpp": "class Solution {\npublic:\n    void f(vector<char>& s) { }\n};",
            "rust": "impl Solution {\n    pub fn f(s: &mut Vec<char>) { }\n}",
        },
    ),
    (
        "in place, but nothing is expected",
        (call([[2, 1]], None),),
        {
            "python": "def f(a): a.sort()",
            "javascript": "function f(a) { a.sort() }",
            "cpp": "void f(vector<int>& a) { sort(a.begin(), a.end()); }",
        },
        {
            "python": "def f(a): return a",
            "javascript": "function f(a) { return a }",
            "cpp": "vector<int> f(vector<int>& a) { return a; }",
        },
    ),
    (
        "not in place",
        (call([[1, 2]], [1, 2]), call([3], 3)),
        {"python": "def f(a): return a", "javascript": "function f(a) { return a }"},
        {"python": "def f(a): pass", "javascript": "function f(a) { }"},
    ),
    (
        "linked lists",
        (call([[1, 2, 3]], [3, 2, 1]), call([[]], [])),
        {
            "python": REVERSED,
            "javascript": "var f = function(head) { let p = null;\n"
            "while (head) [head.next, p, head] = [p, head, head.next]; return p }",
        },
        {"python": REVERSED.replace("return p", "return head"), "javascript": "var f = function(head) { return head }"},
    ),
]


@pytest.mark.parametrize(("tests", "right", "wrong"), [row[1:] for row in LEETCODE], ids=[row[0] for row in LEETCODE])
def test_what_leetcode_judges(verify, tests, right, wrong):
    for language in right:
        assert verify(make_task(*tests, language=language), right[language]).score == 1.0
        assert verify(make_task(*tests, language=language), wrong[language]).score == 0.0


def test_call_arguments_as_text_and_methods_by_their_object(verify):
    source = "class Solution:\n    def f(self, a: List[int], b: int): return [x + b for x in a]"
    for texts in (["[1, 2]\n3", "[]\n4\n"], ["[[1, 2], 3]", "[[], 4]"]):
        for name in ("f", "Solution().f", "Solution.f"):
            tests = [call(given, expected, name) for given, expected in zip(texts, ["[4, 5]", "[]"], strict=True)]
            assert verify(make_task(*tests), source).score == 1.0
            assert verify(make_task(*tests), source.replace("x + b", "x - b")).score == 0.0


# (case, fields of the row, a right program, a wrong one)
STATEMENTS = [
    (
        "a function",
        {"test_cases": [{"type": "assert_case", "assert_case": f"assert f({n}) == {2 * n}"} for n in range(3)]},
        "def f(n): return 2 * n",
        "def f(n): return 4 - n",
    ),
    (
        "several functions",
        {"test_cases": {"assert_case": ["assert unpack(pack([1, 2])) == [1, 2]", "assert pack([1]) == '1'"]}},
        "def pack(a): return ' '.join(map(str, a))\ndef unpack(s): return [int(w) for w in s.split()]",
        "def pack(a): return a\ndef unpack(s): return s",
    ),
    (
        "objects with a state",
        {"test_cases": {"assert_case": ["s = Solution()", "assert s.f() == s.f() - 1 == Solution().f()"]}},
        "class Solution:\n    def __init__(self): self.n = 0\n    def f(self): self.n += 1; return self.n",
        "class Solution:\n    n = 0\n    def f(self):\n        Solution.n += 1\n        return self.n",
    ),
    (
        "PRIME's columns of text",
        {"test_cases": json.dumps({"inputs": [[1], [2]], "outputs": [[2], [4]], "fn_name": "f"})},
        "def f(n): return 2 * n",
        "def f(n): return [2 * n]",
    ),
    (
        "PRIME's columns, programs",
        {"test_cases": {"inputs": ["1\n", "2\n"], "outputs": ["2\n", "4\n"]}},
        "print(2 * int(input()))",
        "print(2)",
    ),
]


@pytest.mark.parametrize(
    ("info", "right", "wrong"), [row[1:] for row in STATEMENTS], ids=[row[0] for row in STATEMENTS]
)
def test_tests_in_other_shapes(verify, info, right, wrong):
    info = {"language": "python", **info}
    task = Task(problem_id="p", task_type="verifiable_code", prompt="Do it.", verification_info=info)
    assert verify(task, right).score == 1.0, verify(task, right)
    assert verify(task, wrong).score == 0.0
    assert (
        verify(task, "class E:\n    def __eq__(self, other): return True\ndef f(*_): return E()\npack = f").score == 0.0
    )


NODES = """
class ListNode:
    def __init__(self, val=0, next=None): self.val, self.next = val, next
def list_node(values):
    head = None
    for value in reversed(values): head = ListNode(value, head)
    return head
def is_same_list(a, b):
    while a and b:
        if a.val != b.val: return False
        a, b = a.next, b.next
    return a is None and b is None
"""
PROMPT = "def f(n: int) -> List[int]:\n    pass\n"
# (case, prelude, entry point, body of check, right programs, wrong ones)
ENTRY_POINTS = [
    (
        "a method, named as one or not",
        "from typing import List\n" + PROMPT,
        ("f", "Solution().f", "Solution.f"),
        "assert candidate(2) == f(2) == [2, 2]",
        ["class Solution:\n    def f(self, n: int) -> List[int]: return [n, n]",
         "def f(n: int) -> List[int]: return [n, n]",
         "from __future__ import annotations\ndef f(n: List[int]): return [n, n]",
         "f = lambda n: [n, n]",
         "import functools\nf = functools.partial(lambda a, b: [a, b], 2)",
         "class Solution:\n    def __init__(self): self.f = lambda n: [n, n]",
         "class Solution:\n    @staticmethod\n    def f(n): return [n] * Solution.g()\n    @classmethod\n"
         "    def g(cls): return 2"],
        ["class Solution:\n    def f(self, n): return [n]", "def g(n): return [n, n]", "class Solution: pass", "x = 1"],
    ),
    (
        "nodes",
        NODES,
        ("Solution().f",),
        "assert is_same_list(candidate(list_node([1, 2, 3])), list_node([3, 2, 1]))",
        [REVERSED, f"class ListNode:\n    def __init__(self, x): self.val, self.next = x, None\n{REVERSED}"],
        [REVERSED.replace("return p", "return head"), REVERSED.replace("f(self", "g(self"),
         "class ListNode:\n    __eq__ = lambda a, b: True\n    __ne__ = lambda a, b: False\n    val = next = None\n"
         "def f(head): return ListNode()"],
    ),
    (
        "nodes of plain values",
        NODES,
        ("f",),
        "assert is_same_list(candidate([1, 2]), list_node([1, 2]))",
        ["def f(a):\n    n = ListNode(a[0])\n    n.next = ListNode(a[1])\n    return n",
         "class ListNode:\n    __slots__ = ('val', 'next')\n"
         "def f(a):\n    n = ListNode()\n    n.val, n.next = a[0], f(a[1:]) if a[1:] else None\n    return n"],
        ["def f(a): return ListNode(a[0])", "def f(a): return a", "class N: pass\ndef f(a): return N()"],
    ),
    (
        "nodes in place",
        NODES,
        ("f",),
        "x = list_node([1, 2, 3]); candidate(x, x.next); assert is_same_list(x, list_node([1, 3]))",
        ["def f(head, node):\n    assert head.next is node\n    node.val, node.next = node.next.val, node.next.next"],
        ["def f(head, node): pass", "def f(head, node): head.next = None"],
    ),
    (
        "nodes, a thousand, in a circle",
        NODES,
        ("f",),
        "x = list_node(range(1000)); assert candidate(x) is False; x.next.next = x; assert candidate(x) is True",
        ["def f(x):\n    seen = set()\n    while x and id(x) not in seen:\n        seen.add(id(x)); x = x.next\n"
         "    return bool(x)"],
        ["def f(x): return False"],
    ),
    (
        "a class",
        "",
        ("Solution",),
        "assert candidate().f(2) == 4",
        ["class Solution:\n    def f(self, n): return 2 * n"],
        ["class Solution:\n    def f(self, n): return n", "def f(n): return 2 * n"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ENTRY_POINTS, ids=[row[0] for row in ENTRY_POINTS])
def test_entry_points_are_found_however_they_are_bound(verify, row):
    _, prelude, names, body, right, wrong = row
    for name in names:
        code = f"def check(candidate):\n    {body if '(' not in name else body.replace('f(2) == ', '')}\n"
        task = asserting({"code": code, "entry_point": name, "prelude": prelude})
        for source in right:
            verdict = verify(task, source)
            assert verdict.score == 1.0, (name, source, verdict)
            assert ("trust" in verdict.details) is (name == "Solution")
        for source in wrong:
            verdict = verify(task, source)
            assert verdict.score == 0.0, (name, source, verdict)


# (language, assertions as HumanEvalPack has them, a right candidate, wrong ones)
PACKED = [
    (
        "javascript",
        "const testTwice = () => {\n  console.assert(twice(2) === 4)\n  console.assert(twice(3) === 6)\n}\n\n"
        "testTwice()\n",
        ["const twice = (n) => {\n  return 2 * n;\n}", "class Solution { twice(n) { return 2 * n } }",
         "module.exports = { twice: (n) => 2 * n }", "function twice(n) { return 2 * n }"],
        ["const twice = (n) => { return 4; }", "const twice = (n) => { process.exit(0) }", "const thrice = (n) => n",
         "console.assert = () => 0; const twice = (n) => 0"],
    ),
    (
        "cpp",
        "#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (twice(2)==4);\n    assert (twice({3}) == 6);\n}\n",
        ["#include<vector>\nusing namespace std;\nint twice(int n){\n    return 2 * n;\n}",
         "int twice(int n) { return 2 * n; }\nint main() { return 1; }"],
        ["#define NDEBUG\nint twice(int n){ return 4; }", "#include <cstdlib>\nint twice(int n){ exit(0); }",
         "int thrice(int n){ return 3 * n; }", "#define assert(x)\nint twice(int n){ return 0; }"],
    ),
    (
        "rust",
        "\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn test_twice() {\n"
        "        assert_eq!(twice(2), 4);\n        assert!(twice(3) == 6);\n    }\n\n}\n",
        ["use std::{slice::Iter, cmp::{max, self}};\nfn twice(n:i32) -> i32{\n    2 * n\n}",
         "fn main() { panic!() }\npub fn twice(n: i32) -> i32 { n + n }\n#[cfg(test)]\nmod tests { fn f() {} }"],
        ["fn twice(n: i32) -> i32 { 4 }", "fn twice(n: i32) -> i32 { std::process::exit(0) }", "fn f() {}"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("language", "code", "right", "wrong"), PACKED, ids=[row[0] for row in PACKED])
def test_assertions_in_other_languages(verify, language, code, right, wrong):
    info = {"language": language, "assertions": {"code": code, "entry_point": "twice"}}
    task = Task(problem_id="p", task_type="verifiable_code", prompt="Do it.", verification_info=info)
    for source in right:
        verdict = verify(task, source)
        assert (verdict.score, verdict.details["trust"]) == (1.0, "shared"), verdict
    assert verify(task, wrong[0]).reason == "wrong_answer", verify(task, wrong[0])
    for source in wrong:
        assert verify(task, source).score == 0.0


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.proofs)])
def test_human_eval(every, shared_data, scorers):
    """All 164 canonical solutions score 1; with the body replaced by ``pass``, 0."""
    with gzip.open(shared_data / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert len(rows) == 164
    pairs = []
    for row in rows[::every]:
        info = {"code": row["test"], "entry_point": row["entry_point"], "prelude": row["prompt"]}
        task = asserting(info)
        for body in (row["canonical_solution"], "    pass\n"):
            pairs.append((task, f"```python\n{row['prompt']}{body}\n```"))
    verdicts = scorers().score_sync(pairs)
    assert [(i // 2, v.reason, v.details) for i, v in enumerate(verdicts[::2]) if v.score != 1.0] == []
    assert [(i, v.reason, v.details) for i, v in enumerate(verdicts[1::2]) if v.score != 0.0] == []
    assert all("trust" not in verdict.details for verdict in verdicts)


def test_more_completions_than_slots(scorers):
    task = make_task(*DOUBLE)
    texts = [f"```python\nprint(2 * int(input()) + {n % 3})\n```" for n in range(40)]
    verdicts = scorers(slots=1).score_sync([(task, text) for text in texts])
    assert [verdict.score for verdict in verdicts] == [float(n % 3 == 0) for n in range(40)]


def test_after_a_fork_the_child_has_its_own(scorers):
    task, text = make_task(*DOUBLE), f"```python\n{PROGRAMS['python']}\n```"
    scorer = scorers()
    assert scorer.score_sync([(task, text)])[0].score == 1.0
    child = os.fork()
    if not child:
        code = 1
        try:
            code = int(scorer.score_sync([(task, text + " ")])[0].score != 1.0)
            scorer.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert scorer.score_sync([(task, text + "  ")])[0].score == 1.0


def test_a_closed_scorer_leaves_no_sandbox_open(sandbox_kind):
    from synthetic1.rewards.scoring.sandboxes import sandboxes

    with Scorer([Code()]) as scorer:
        assert scorer.score_sync([(make_task(*DOUBLE), f"```python\n{PROGRAMS['python']}\n```")])[0].score == 1.0
        opened = [opening for by_settings in sandboxes._by_loop.values() for opening in by_settings.values()]
    assert any(opening.result()._pool._closed for opening in opened)
