"""The check of ground truth: it finds what is wrong, and says so when it cannot look."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic1.tasks import code_understanding
from synthetic1.tasks.code_understanding import GeneratedTasks
from synthetic1.tasks.programs import check as checking
from synthetic1.tasks.programs.check import HASH_SEEDS, Mismatch, check, run_python
from synthetic1.tasks.programs.levels import LEVELS
from synthetic1.tasks.programs.ops import OPS

UPPER = "def transform(s):\n    return s.upper()"
# The order of a set of texts depends on the hash seed: what a generated program must never do.
UNORDERED = "def transform(s):\n    return ''.join(set(s.split()))"


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("level", LEVELS)
def test_python_agrees_with_the_evaluator_under_two_hash_seeds(level: int, split: code_understanding.Split) -> None:
    size = 10 if split == "test" else 60 if level < 8 else 20
    assert GeneratedTasks(level, split=split, seed=21, size=size).verify_gold() == []


@pytest.mark.proofs
@pytest.mark.parametrize("level", LEVELS)
def test_python_agrees_with_the_evaluator_on_thousands(level: int) -> None:
    source = GeneratedTasks(level, seed=22, size=2_000)
    assert len(source) == (2_000 if level > 1 else 1_600)
    assert source.verify_gold() == []


def test_a_planted_wrong_gold_is_reported() -> None:
    source = GeneratedTasks([1, 4], seed=3, size=30)
    stream = source._made  # the examples themselves, so that one can be spoilt
    source.example(29)
    stream[4][7] = replace(stream[4][7], output=stream[4][7].output + "!")
    gold = stream[4][7].output
    assert source.verify_gold() == [Mismatch(15, seed, gold, gold[:-1], None) for seed in HASH_SEEDS]
    assert source.verify_gold([0, 15]) == [Mismatch(1, seed, gold, gold[:-1], None) for seed in HASH_SEEDS]
    assert source.verify_gold([0, 14]) == []


@pytest.mark.parametrize("op", ["reverse", "sort", "drop_last", "replace"])
def test_an_operation_that_the_evaluator_gets_wrong_is_found(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = OPS[op]
    monkeypatch.setitem(OPS, op, replace(right, run=lambda s, *rest: right.run(s, *rest)[1:] + "?"))
    found = GeneratedTasks(2, seed=4, size=60).verify_gold()
    assert found, f"no program of the sample uses {op}"
    assert {m.hash_seed for m in found} == set(HASH_SEEDS)


def test_mismatches_are_numbered_over_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PER_PROCESS", 2)
    jobs = [(UPPER, "a", "A")] * 5
    jobs[1], jobs[4] = (UPPER, "b", "b"), (UPPER, "c", "c")
    found = check(jobs)
    assert sorted({m.index for m in found}) == [1, 4]
    assert {(m.expected, m.got) for m in found} == {("b", "B"), ("c", "C")}
    assert check([]) == []


def test_what_depends_on_the_hash_seed_is_found() -> None:
    text = " ".join(f"w{i}" for i in range(20))
    ((first, _),) = run_python([(UNORDERED, text)], hash_seed=0)
    assert first is not None
    assert [m.hash_seed for m in check([(UNORDERED, text, first)])] == [1]


def test_programs_of_one_process_do_not_meet() -> None:
    first = "n = 5\ndef transform(s):\n    return str(n)"
    second = "def transform(s):\n    return str(n)"
    assert run_python([(first, ""), (second, "")], hash_seed=0) == [
        ("5", None),
        (None, "NameError: name 'n' is not defined"),
    ]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def transform(s):\n    return 1 // 0", "ZeroDivisionError"),
        ("def transform(s:", "SyntaxError"),
        ("x = 1", "KeyError"),
        ("def transform(s):\n    return transform(s)", "RecursionError"),
    ],
)
def test_a_program_that_fails_is_a_mismatch_and_the_others_go_on(source: str, error: str) -> None:
    found = check([(UPPER, "a", "A"), (source, "a", "A"), (UPPER, "b", "B")])
    assert [m.index for m in found] == [1, 1]
    assert all(m.got is None and m.error is not None and m.error.startswith(error) for m in found)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os\nos._exit(3)", r"the checking interpreter ended with 3: nothing on stderr"),
        (f"import os\nos.kill(os.getpid(), {int(signal.SIGKILL)})", r"the checking interpreter ended with -9: .*"),
        ("raise SystemExit('so long')", r"the checking interpreter ended with 1: so long"),
        ("raise SystemExit(0)", r"a program wrote to the checking interpreter's output: ''"),
        ("print('hello')", r"a program wrote to the checking interpreter's output: 'hello\\n\[\[.*"),
        ("while True:\n    pass", r"2 programs took longer than 0\.5 s"),
        ("def transform(s):\n    return {1}", r"the checking interpreter ended with 1: TypeError: .*"),
    ],
)
def test_an_interpreter_that_fails_is_one_clear_line(source: str, message: str) -> None:
    with pytest.raises(RuntimeError, match=rf"^{message}$"):
        run_python([(UPPER, "a"), (source, "a")], hash_seed=0, timeout_s=0.5 if "while" in source else 60)


def test_nothing_of_the_current_folder_or_environment_takes_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    seed = "import os\ndef transform(s):\n    return os.environ['PYTHONHASHSEED']"
    assert run_python([(seed, "")], hash_seed=1) == [("1", None)]
    assert os.environ["PYTHONHASHSEED"] == "7"


def test_texts_of_any_characters_survive_the_way_there_and_back() -> None:
    same = "def transform(s):\n    return s"
    texts = ['"', "\\", "\n\t", "é", "\u2028", "\ud800", "\x00", "😀"]
    assert run_python([(same, text) for text in texts], hash_seed=0) == [(text, None) for text in texts]
