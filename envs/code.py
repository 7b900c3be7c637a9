"""Code: write a program that passes the task's tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from synthetic1.envs.base import TaskSplit, TextEnv, refuse_without_tasks, stored_tasks
from synthetic1.envs.vector import vector_of
from synthetic1.rewards.code import Code
from synthetic1.rewards.program_tests.spec import language_names
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.tasks.sources import selection
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.tasks.sources.spec import Spec, open_tasks
from synthetic1.tasks.sources.split import split_by_problem

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
    The completion. Its program is the last fenced block in the task's language after the thought that can be one.

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
        split: ``train``, ``test`` or ``all``. Of files, a tenth is test; of the embedded problems, a fifth, and a
            problem stands on the same side in every language.
        credit: ``all`` or ``fraction``.
        time_limit_s: CPU seconds a test may take, for tasks that do not say.
        memory_limit_mb: MiB, for tasks that do not say.
        max_tests: only so many tests, those with the longest inputs; None for all.
        sandbox: ``auto``, ``docker``, ``bubblewrap``, or a mapping of settings of ``open_sandbox`` with its ``kind``.
        slots: how many programs run at once; None for as many as there are cores.
        thinking_open: the prompt as rendered for the model ends inside ``<think>``.
        exclude: a file that names tasks by their keys, which are left out: what `synthetic1 audit --quarantine FILE`
            writes; None for none.
        bad_rows: what becomes of a row of a file that is not a task, or of a type that nobody verifies: ``quarantine``
            leaves it out and says so, ``error`` raises where it is read; None: what a program says, else ``error``.
        columns: for rows in no known format, which column is what: ``{"prompt": "problem", "tests": "tests"}``.
            ``docs/tasks.md`` has the names.

    Raises:
        ValueError: an unknown language, split or credit, a file that cannot be read as tasks or as keys of tasks,
            no task in the language, a ``thinking_open`` that is not a bool.

    ## Version History
    * v0: first version.
    """

    def __init__(
        self,
        language: str | None = None,
        tasks: Spec | None = None,
        split: TaskSplit = "train",
        credit: Literal["all", "fraction"] = "all",
        time_limit_s: float = 10.0,
        memory_limit_mb: int = 512,
        max_tests: int | None = None,
        sandbox: str | Mapping[str, Any] = "auto",
        slots: int | None = None,
        thinking_open: bool = False,
        exclude: str | None = None,
        bad_rows: BadRows | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        verifier = Code(credit, time_limit_s, memory_limit_mb, max_tests, sandbox, slots)
        scorer = Scorer([verifier])
        if tasks in (None, EMBEDDED):
            refuse_without_tasks(columns=columns, bad_rows=bad_rows)
            source = open_tasks(EMBEDDED, exclude=exclude)
            source = source if split == "all" else split_by_problem(source, split, TEST_SHARE, _problem)
        else:
            source = stored_tasks(tasks, scorer, split, bad_rows, exclude=exclude, columns=columns, family="code")
        if language is not None:
            source = in_language(source, language)
        super().__init__(source, scorer, thinking_open=thinking_open)


def in_language(source: TaskSource, language: str) -> TaskSource:
    """The tasks of ``source`` whose program is to be written in ``language``.

    Raises:
        ValueError: an unknown language, or no task in it.
    """
    try:
        names = language_names(language)
    except ValueError as error:
        raise ValueError(f"language: {error}") from None
    return selection.in_language(source, names, label=names[0], asked=names[0])


def _problem(task: Task) -> str:
    """What tasks in several languages share: they are the same problem, and stand on the same side."""
    return task.problem_id.rpartition("/")[0]  # code/embedded/PROBLEM/LANGUAGE


make_vector = vector_of(CodeEnv)
