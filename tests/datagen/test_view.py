"""What is shown of a run, what its settings may be, and what is said at its end."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from synthetic1.datagen.generation.goal import Progress
from synthetic1.datagen.generation.settings import GenerateSettings
from synthetic1.datagen.generation.view import cut_off, facts, line
from synthetic1.jobs.program import ProgramError, validate


def usage(**values):
    return SimpleNamespace(**{"in_flight": 3, "window": 8, "cost": None, "errors": {}, **values})


def test_every_fact_worth_showing():
    families = {"verifiable_math": Counter(verdicts=4, verified=3), "stem": Counter(verdicts=2, verified=1)}
    progress = Progress(
        total=100, found=10, arrived=10, verified=4, refuted=2, cancelled=5, tokens=50, families=families
    )
    progress.failed["timeout"] += 1
    shown = dict(facts(progress, usage(cost=1234.5, errors={"timeout": 2, "cancelled": 5})))
    assert shown["samples"] == "26 of 100"
    assert shown["verified"] == "4 (67%)"
    assert (shown["verifiable_math"], shown["stem"]) == ("3 of 4", "1 of 2")
    assert (shown["in flight"], shown["cost"], shown["not needed"]) == ("3 of 8", "1,234.50", "5")
    assert (shown["errors"], shown["given up"]) == ("timeout 2", "timeout 1")
    assert "left" in shown
    assert line(progress, usage()).startswith("samples 26 of 100 | verified 4 (67%) | ")


def test_what_we_let_go_of_ourselves_is_no_error():
    assert "errors" not in dict(facts(Progress(total=4, arrived=1), usage(errors={"cancelled": 3})))


@pytest.mark.parametrize(("arrived", "truncated", "said"), [(0, 0, None), (100, 10, None), (100, 11, "11% of compl")])
def test_many_cut_off_completions_are_said(arrived, truncated, said):
    found = cut_off(Progress(arrived=arrived, truncated=truncated), 1024)
    assert found is None if said is None else (found or "").startswith(said)
    assert said is None or "sampling.max_tokens=1024" in (found or "")


WRONG = [
    ({"run_name": "../x"}, r"run_name: a run's name is that of one folder"),
    ({"run_name": "a/b"}, r"run_name: a run's name is that of one folder"),
    ({"run_name": ".."}, r"run_name: a run's name is that of one folder"),
    ({"server": "localhost:8000"}, r"^server: a server's address begins with http"),
    ({"server": None}, r"where from\? give server="),
    ({"launch": "vllm"}, r"launch=vllm starts one here: leave one of them out"),
    ({"vllm_arguments": ["--x"]}, r"vllm_arguments= is for launch=vllm; the server of server= has been started"),
    ({"keep": 3}, r"keep=3 wants at least samples=3"),
]


@pytest.mark.parametrize(("values", "said"), WRONG)
def test_settings_that_make_no_sense(values, said):
    right = {"env": {"id": "synthetic1/math-v0"}, "model_name": "m", "server": "http://localhost:1/v1"}
    with pytest.raises(ProgramError, match=said):
        validate(GenerateSettings, {**right, "sampling": {"max_tokens": 8}, **values})
    assert validate(GenerateSettings, {**right, "sampling": {"max_tokens": 8}}).name == "math-m-s0"
