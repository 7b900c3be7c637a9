"""`synthetic1 envs`: what it says of each environment is what the environment has."""

from __future__ import annotations

import inspect
import json

import gymnasium as gym
import pytest
from gymnasium.envs.registration import load_env_creator

import synthetic1
from synthetic1.evaluation import environments
from synthetic1.evaluation.environments import NEEDS, NeededPart, facts_of, run


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "_sandbox", lambda: NeededPart(NEEDS["sandbox"], False, "none works here"))
    environments._needed.cache_clear()


@pytest.mark.parametrize("family", synthetic1.FAMILIES)
def test_an_environment_as_it_is(family: str) -> None:
    facts = facts_of(f"synthetic1/{family}-v0")
    entry_point = gym.spec(facts.id).entry_point
    creator = load_env_creator(str(entry_point))
    parameters = inspect.signature(creator).parameters
    assert {one.name: one.default for one in facts.arguments} == {n: repr(p.default) for n, p in parameters.items()}
    assert [one.name for one in facts.arguments if not one.about] == []  # the docstring explains every one of them
    env = gym.make(facts.id).unwrapped
    assert facts.tasks["train"] == len(env.tasks)  # type: ignore[attr-defined]
    assert facts.embedded > 0
    assert len(facts.verifiers) == 1
    assert [need.what for need in facts.needs] == [NEEDS[n] for n in NEEDS if n in parameters]


def test_a_table_one_whole_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    table = capsys.readouterr().out
    for family in synthetic1.FAMILIES:
        assert f"synthetic1/{family}-v0" in table
    assert "a sandbox for programs (not here)" in table
    assert "a sandbox for programs: none works here" in table
    assert run(["math"]) == 0
    whole = capsys.readouterr().out
    assert "Math 5 for verifiable_math" in whole
    assert "    level = '1-3'\n        levels of the generator" in whole
    assert run(["synthetic1/math-v0", "code"], as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["family"] for one in said] == ["math", "code"]
    assert said[0]["verifiers"] == {"verifiable_math": "Math 5"}


def test_a_name_that_is_no_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["maths"]) == 2
    assert "there is no environment `maths`; there are: code, " in capsys.readouterr().err
