"""Code understanding: say what a program gives for an input, without running it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthetic1.envs.base import (
    TaskSplit,
    TextEnv,
    refuse_with_tasks,
    refuse_without_tasks,
    split_of_generated,
    stored_tasks,
)
from synthetic1.envs.vector import vector_of
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.code_understanding import GeneratedTasks
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.tasks.sources.spec import Spec


class CodeUnderstandingEnv(TextEnv):
    """Predict the output of a string-processing program.

    ## Description
    The prompt shows a program (in Python, JavaScript, Rust or C++) and an input and asks what the program returns.
    Programs are generated from a typed grammar, at levels from 1 (one operation on a short word) to 10 (nested loops
    and conditions over paragraphs); no human and no model writes them or their answers, so there is no end to them.
    With ``tasks`` the environment takes existing rows instead: SYNTHETIC-1 or GENESYS files, or CRUXEval's.

    ## Action Space
    The completion. Its answer is the last complete JSON object with a field ``output`` after the thought, in a fence
    or bare: ``{"output": "abc"}``.

    ## Observation Space
    The prompt, a string; ``""`` after the step.

    ## Rewards
    1.0 if ``output`` is the program's output, else 0.0. Generated programs return text, which must match character by
    character as a JSON string. CRUXEval's return any Python value, which must match in type and value, as JSON or as a
    Python literal in a string. See ``synthetic1.rewards.code_understanding``.

    ## Info, Episode End, Starting State
    As every ``synthetic1.envs.base.TextEnv``.

    ## Arguments
    ```python
    import gymnasium as gym
    import synthetic1

    env = gym.make("synthetic1/code_understanding-v0", level="1-3")
    prompt, info = env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step('<think>…</think>{"output": "abc"}')

    envs = gym.make_vec("synthetic1/code_understanding-v0", num_envs=64, level=5)
    ```

    Args:
        level: levels of the generator: ``3``, ``[1, 2]``, ``"1-3"`` or ``"1,4"``.
        tasks: None for generated programs; else what ``open_tasks`` takes: a file, ``hf://…``, ``embedded:…`` or a
            mixture of them by weight. It excludes ``level``, ``seed``, ``size`` and ``language``, which are for the
            generator.
        split: ``train`` or ``test``; of files also ``all``. Of generated tasks no test program, nor one that does the
            same, and no test input occurs in training; of files, a tenth is test.
        seed: of the generator; another seed gives other programs. ``reset(seed=…)`` only picks among them.
        size: how many programs the generator offers.
        language: what programs are shown in: ``python``, ``javascript``, ``rust`` or ``cpp``, or a list of them that
            take turns. The programs are the same in each.
        thinking_open: the prompt as rendered for the model ends inside ``<think>``.
        bad_rows: what becomes of a row of a file that is not a task, or of a type that nobody verifies: ``quarantine``
            leaves it out and says so, ``error`` raises where it is read; None: what a program says, else ``error``.
        columns: for rows in no known format, which column is what: ``{"prompt": "program", "answer": "out"}``.
            ``docs/tasks.md`` has the names.

    Raises:
        ValueError: an unknown level, split or language, an argument of the generator beside ``tasks``, a file that
            cannot be read as tasks, a ``thinking_open`` that is not a bool.

    ## Version History
    * v0: first version.
    """

    def __init__(
        self,
        level: int | str | Sequence[int] = "1-3",
        tasks: Spec | None = None,
        split: TaskSplit = "train",
        seed: int = 0,
        size: int = 2000,
        language: str | Sequence[str] = "python",
        thinking_open: bool = False,
        bad_rows: BadRows | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        scorer = Scorer()
        if tasks is None:
            refuse_without_tasks(columns=columns, bad_rows=bad_rows)
            source: TaskSource = GeneratedTasks(
                level, split=split_of_generated(split), seed=seed, size=size, language=language
            )
        else:
            refuse_with_tasks(CodeUnderstandingEnv, level=level, seed=seed, size=size, language=language)
            source = stored_tasks(tasks, scorer, split, bad_rows, columns=columns, family="code_understanding")
        super().__init__(source, scorer, thinking_open=thinking_open)


make_vector = vector_of(CodeUnderstandingEnv)
