"""Code: write a program that passes the task's tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from synthetic1.envs.base import TextEnv
from synthetic1.envs.vector import TextVectorEnv
from synthetic1.keys import content_key
from synthetic1.rewards.code import Code
from synthetic1.rewards.program_tests.spec import language_names
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import Subset, TaskSource, check_split
from synthetic1.tasks.sources.spec import Spec, open_tasks

EMBEDDED = "embedded:code"
TEST_SHARE = 0.2  # of the embedded problems: a tenth of so few would show nothing


class CodeEnv(TextEnv):
    """Solve a programming problem; the program runs in a sandbox.

    ## Description
    The prompt states a problem and asks for a program in Python, JavaScript, Rust or C++: a whole one that reads stdin,
    or a function. Without ``tasks`` these are the embedded problems, from easy to contest level, each in all four
    languages. Programs run in a sandbox without network, under limits of time and memory; the expected outputs
    never get there.

    ## Action Space
    The completion. Its program is the last fenced block in the task's language after the thought.

    ## Observation Space
    The prompt, a string; ``""`` after the step.

    ## Rewards
    With ``credit="all"`` 1.0 if every test passes, else 0.0; with ``"fraction"`` the share of tests passed. How outputs
    are compared the task declares. See ``synthetic1.rewards.code``.

    ## Info, Episode End, Starting State
    As every ``synthetic1.envs.base.TextEnv``. The environment constructs without a sandbox: it is opened by the first
    ``step``. Where none works, that ends with ``info["status"] == "unscorable"``.

    ## Arguments
    ```python
    import gymnasium as gym
    import synthetic1

    env = gym.make("synthetic1/code-v0", language="python")
    prompt, info = env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step("<think>…</think>\\n```python\\nprint(int(input()) + 1)\\n```")
    ```

    Args:
        language: only tasks in this language, by name or alias; None for all.
        tasks: None for the embedded problems; else what ``open_tasks`` takes: a file, ``hf://…``, or a mixture of them
            by weight.
        split: ``train`` or ``test``. Of files, a tenth is test; of the embedded problems, a fifth, and a problem
            stands on the same side in every language.
        credit: ``all`` or ``fraction``.
        time_limit_s: CPU seconds a test may take, for tasks that do not say.
        memory_limit_mb: MiB, for tasks that do not say.
        max_tests: only so many tests, those with the longest inputs; None for all.
        sandbox: ``auto``, ``docker``, ``bubblewrap``, or a mapping of settings of ``open_sandbox`` with its ``kind``.
        slots: how many programs run at once; None for as many as there are cores.
        thinking_open: the prompt as rendered for the model ends inside ``<think>``.

    Raises:
        ValueError: an unknown language, split or credit, a file that cannot be read as tasks, no task in the language,
            a ``thinking_open`` that is no bool.

    ## Version History
    * v0: first version.
    """

    def __init__(
        self,
        language: str | None = None,
        tasks: Spec | None = None,
        split: Literal["train", "test"] = "train",
        credit: Literal["all", "fraction"] = "all",
        time_limit_s: float = 10.0,
        memory_limit_mb: int = 512,
        max_tests: int | None = None,
        sandbox: str | Mapping[str, Any] = "auto",
        slots: int | None = None,
        thinking_open: bool = False,
    ) -> None:
        verifier = Code(credit, time_limit_s, memory_limit_mb, max_tests, sandbox, slots)
        source = embedded_problems(split) if tasks in (None, EMBEDDED) else open_tasks(tasks, split=split)
        if language is not None:
            source = in_language(source, language)
        super().__init__(source, Scorer([verifier]), thinking_open=thinking_open)


def embedded_problems(split: str) -> TaskSource:
    """One side of the embedded problems. A problem in another language is the same problem, so they are not split by
    task, as files are.

    Raises:
        ValueError: an unknown split.
    """
    check_split(split)
    source = open_tasks(EMBEDDED)
    rows = [index for index, task in enumerate(source) if _side(task) == split]
    return Subset(source, rows, name=f"{source.name}[{split}]")


def _side(task: Task) -> str:
    problem = task.problem_id.rpartition("/")[0]  # code/embedded/PROBLEM/LANGUAGE
    return "test" if int(content_key(problem)[:8], 16) < TEST_SHARE * 2**32 else "train"


def in_language(source: TaskSource, language: str) -> TaskSource:
    """The tasks of ``source`` whose program is to be written in ``language``.

    Raises:
        ValueError: an unknown language, or no task in it.
    """
    try:
        names = language_names(language)
    except ValueError as error:
        raise ValueError(f"language: {error}") from None
    found = among(source, set(names), names[0])
    if found is None:
        raise ValueError(f"language: {source.name} has no task in {names[0]}")
    return found


def among(source: TaskSource, names: set[str], label: str) -> TaskSource | None:
    """The tasks of ``source`` whose ``language`` is one of ``names`` (lower case), or None if no task is."""
    if isinstance(source, Mixture):  # its weights have to survive
        weighed = {
            among(part, names, label): weight for part, weight in zip(source.sources, source.weights, strict=True)
        }
        kept: dict[str | TaskSource, float] = {part: weight for part, weight in weighed.items() if part is not None}
        return Mixture(kept, name=f"{source.name}[{label}]") if kept else None
    languages = (task.verification_info.get("language") for task in source)
    rows = [index for index, name in enumerate(languages) if isinstance(name, str) and name.strip().lower() in names]
    return Subset(source, rows, name=f"{source.name}[{label}]") if rows else None


def make_vector(num_envs: int, *, autoreset_mode: str = "Disabled", **kwargs: Any) -> TextVectorEnv:
    """What ``gym.make_vec`` calls; ``kwargs`` as for ``CodeEnv``."""
    return TextVectorEnv(CodeEnv(**kwargs), num_envs, autoreset_mode=autoreset_mode)
