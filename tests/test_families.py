"""Every family has its files, its configuration says what its signature says, and its gold scores 1."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import gymnasium as gym
import pytest

import synthetic1
from synthetic1 import Scorer, Task, Verdict, Verifier, register, score
from synthetic1.rewards import registry
from synthetic1.rewards.judging.judge import judge_settings
from synthetic1.rewards.registry import get_verifier, known_task_types
from synthetic1.rewards.similarity import Similarity

ROOT = Path(__file__).parents[1]
FAMILIES = [pytest.param(family, id=family) for family in synthetic1.FAMILIES]
TASK_TYPES = {
    "code": "verifiable_code",
    "code_understanding": "code_output_prediction",
    "math": "verifiable_math",
    "stem": "stem",
    "swe": "swe",
}


def gold_completion(task):
    """What a model that knows the answer would write, as the verifier of its task type says."""
    gold = get_verifier(task.task_type).gold_completion(task)
    assert gold is not None, f"the verifier of `{task.task_type}` knows no gold completion of task `{task.problem_id}`"
    return gold


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture
def judged(family, request):
    """What the family's verifier needs is there; arguments for it. Judges accept nothing: gold needs none."""
    if family == "code":
        request.getfixturevalue("sandbox_kind")
    if "judge" not in inspect.signature(env_class(family)).parameters:
        return {}
    replies = request.getfixturevalue("judge_replies")
    return {"judge": request.getfixturevalue("serve_judge")(replies.honest(set())).url}


def env_class(family):
    module, _, name = gym.spec(f"synthetic1/{family}-v0").entry_point.partition(":")
    return getattr(importlib.import_module(module), name)


def test_every_registered_environment_is_a_family():
    ours = {spec.id for spec in gym.registry.values() if spec.namespace == "synthetic1"}
    assert ours == {f"synthetic1/{family}-v0" for family in synthetic1.FAMILIES}


@pytest.mark.parametrize(
    "place", ["rewards/{}.py", "envs/{}.py", "configs/env/{}.yaml", "src/synthetic1/tasks/embedded/{}.jsonl"]
)
def test_one_stem_in_every_room(family, place):
    assert (ROOT / place.format(family)).is_file()


def test_its_task_type_has_a_verifier(family):
    assert TASK_TYPES[family] in known_task_types()


def test_its_page_is_its_docstring(family):
    page = inspect.getdoc(env_class(family))
    for heading in ("Description", "Action Space", "Observation Space", "Rewards", "Arguments", "Version History"):
        assert f"## {heading}" in page
    for name in inspect.signature(env_class(family)).parameters:
        assert f"    {name}: " in page


def test_its_configuration_is_its_signature(family):
    omegaconf = pytest.importorskip("omegaconf")
    config = omegaconf.OmegaConf.to_container(omegaconf.OmegaConf.load(ROOT / f"configs/env/{family}.yaml"))
    defaults = {name: p.default for name, p in inspect.signature(env_class(family)).parameters.items()}
    assert config == {"id": f"synthetic1/{family}-v0", **defaults}


def test_its_configuration_makes_it(family):
    omegaconf = pytest.importorskip("omegaconf")
    config = omegaconf.OmegaConf.to_container(omegaconf.OmegaConf.load(ROOT / f"configs/env/{family}.yaml"))
    env = gym.make(**config)
    env.reset(seed=0)
    env.close()


@pytest.mark.parametrize("split", ["train", "test"])
def test_gold_scores_1_and_another_tasks_gold_0(family, split, judged):
    env = gym.make(f"synthetic1/{family}-v0", split=split, **judged)
    source = env.unwrapped.tasks
    tasks = [source[index] for index in range(0, min(300, len(source)), 10)]
    for task, other in zip(tasks, tasks[1:] + tasks[:1], strict=True):
        env.reset(options={"task_id": task.problem_id})
        assert env.step(f"<think>so</think>{gold_completion(task)}")[1] == 1.0
        if gold_completion(other) != gold_completion(task):
            env.reset(options={"task_id": task.problem_id})
            _, reward, _, _, info = env.step(gold_completion(other))
            assert (reward, info["status"]) == (0.0, "scored")
    env.close()


def test_nothing_pays_without_an_answer(family, judged):
    """The prompt echoed, a hedge around the gold, the gold in the thought only, nothing, noise, odd characters."""
    env = gym.make(f"synthetic1/{family}-v0", **judged)
    task = env.unwrapped.tasks[0]
    gold = gold_completion(task)
    truth = str(task.verification_info.get("ground_truth"))
    for text in (
        task.prompt,
        f"I think it is {truth} or maybe 7",
        f"<think>{gold}",
        f"<think>{gold}</think>",
        "",
        "a {b [c " * 12_500,
        "\ud800\udfff\x00",
    ):
        env.reset(options={"task_id": task.problem_id})
        _, reward, terminated, _, info = env.step(text)
        assert (reward, terminated, info["status"]) == (0.0, True, "scored")
    env.close()


# Golds that are awkward to write --------------------------------------------------------------------------------------

NESTED = "# Title\n\n```markdown\n# inner\n```\n\n````python\nx = 1\n````\n"
AWKWARD = {
    "a whole solution in mathematics": ("verifiable_math", {"ground_truth": r"So it is \boxed{\frac{1}{2}}."}, None),
    "boxes that are one list": ("verifiable_math", {"ground_truth": r"\boxed{4} and \boxed{5}"}, None),
    "a number, not a string": ("verifiable_math", {"ground_truth": 0.5}, None),
    "odd characters": ("code_output_prediction", {"ground_truth": '\ud800"\n\x00\\'}, None),
    "a Python value": ("code_output_prediction", {"ground_truth": "{1: (2, 'a')}", "compare": "python_literal"}, None),
    "a file with fences": ("swe", {"before": "# Title\n", "path": "README.md"}, NESTED),
    "a file in no known language": ("swe", {"before": "a", "path": "x", "language": "Emacs Lisp"}, "b\n```\nc"),
    "a reference of two lines": ("stem", {}, "Because  of\n gravity. "),
    "a reference that is a number": ("stem", {"answer_value": "3 m"}, "It is 3 m long."),
}


@pytest.mark.parametrize(("task_type", "info", "solution"), AWKWARD.values(), ids=AWKWARD)
def test_a_gold_that_is_awkward_to_write_scores_1(task_type, info, solution):
    task = Task(
        problem_id="1", task_type=task_type, prompt="p", verification_info=info, gold_standard_solution=solution
    )
    assert score(task, gold_completion(task)).score == 1.0


@pytest.mark.parametrize("solution", ['print("""\n```\n""")', '```python\nprint("\\n```\\n")\n```'])
def test_a_program_with_a_fence_in_it_or_around_it_scores_1(solution, sandbox_kind):
    test = {"type": "stdin_stdout", "input": "", "output": "```"}
    info = {"language": "Python3", "test_cases": [test]}
    task = Task(
        problem_id="1",
        task_type="verifiable_code",
        prompt="p",
        verification_info=info,
        gold_standard_solution=solution,
    )
    assert score(task, gold_completion(task)).score == 1.0


@pytest.mark.parametrize("task_type", ["code_output_prediction", "verifiable_math", "stem"])
@pytest.mark.parametrize("solution", [None, ""])
def test_a_task_without_gold_has_no_gold_completion(task_type, solution):
    task = Task(problem_id="1", task_type=task_type, prompt="p", gold_standard_solution=solution)
    assert get_verifier(task_type).gold_completion(task) is None


@pytest.mark.parametrize("task_type", ["llm_judgeable_groundtruth_similarity", "swe", "verifiable_code"])
@pytest.mark.parametrize("solution", [None, " \n"])
def test_a_task_without_solution_has_no_gold_completion(task_type, solution):
    task = Task(problem_id="1", task_type=task_type, prompt="p", gold_standard_solution=solution)
    assert get_verifier(task_type).gold_completion(task) is None


def test_a_reference_that_holds_tags_of_answers_cannot_be_written():
    task = Task(problem_id="1", task_type="stem", prompt="p", gold_standard_solution="</answer> closes <answer>")
    assert get_verifier("stem").gold_completion(task) is None


def test_the_gold_of_similarity_is_for_the_judge_to_grade(serve_judge, judge_replies):
    task = Task(
        problem_id="1",
        task_type=Similarity.task_type,
        prompt="Why does it fall?",
        gold_standard_solution="Because gravity pulls it down.",
    )
    judge = serve_judge(judge_replies.honest({gold_completion(task)})).url
    with Scorer([get_verifier(Similarity.task_type, judge=judge_settings(judge))]) as scorer:
        assert scorer.score_sync([(task, gold_completion(task))])[0].score == 1.0


# Verifiers of other packages ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Backwards(Verifier):
    """The truth, read from its end."""

    version: ClassVar[int] = 1

    async def verify(self, task, completion):
        return Verdict.graded(float(completion.answer[::-1] == task.verification_info["ground_truth"]))

    def gold_completion(self, task):
        return task.verification_info["ground_truth"][::-1]


@dataclass(frozen=True)
class Silent(Verifier):
    """Says nothing of golds."""

    version: ClassVar[int] = 1

    async def verify(self, task, completion):
        return Verdict.graded(0.0)


@pytest.fixture
def own_registry():
    """What a test registers is gone after it."""
    before = set(registry._classes)
    yield
    for name in {"backwards", "silent"} - before:
        registry._classes.pop(name, None)


def test_a_verifier_of_another_package_writes_its_own_gold(own_registry):
    register("backwards")(Backwards)
    task = Task(problem_id="1", task_type="backwards", prompt="p", verification_info={"ground_truth": "abc"})
    assert gold_completion(task) == "cba"
    assert score(task, gold_completion(task)).score == 1.0


def test_a_verifier_need_not_know_golds(own_registry):
    register("silent")(Silent)
    task = Task(problem_id="1", task_type="silent", prompt="p")
    assert get_verifier("silent").gold_completion(task) is None
