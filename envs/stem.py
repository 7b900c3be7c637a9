"""Science: answer an open question as well as the reference does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic1.envs.base import TaskSplit, TextEnv, refuse_without_tasks, stored_tasks
from synthetic1.envs.vector import vector_of
from synthetic1.rewards.judging.judge import judge_settings
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.stem import Stem
from synthetic1.task import Task
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.tasks.sources.selection import tasks_where
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.tasks.sources.spec import Spec, open_tasks
from synthetic1.tasks.sources.split import split_each_group

EMBEDDED = "embedded:stem"
TEST_SHARE = 0.25  # of the embedded questions: a tenth of so few would show nothing


class StemEnv(TextEnv):
    """Answer a question of science; rules compare numbers with units, a judge compares the rest with the reference.

    ## Description
    The prompt is a question and asks for reasons first, then the answer between ``<answer>`` and ``</answer>``. Without
    ``tasks`` these are the embedded questions, over ten fields; StackExchange rows of SYNTHETIC-1 are read as
    published.

    ## Action Space
    The completion. What stands in the last complete ``<answer>…</answer>`` after the thought is the answer.

    ## Observation Space
    The prompt, a string; ``""`` after the step.

    ## Rewards
    1.0 for a number that is the same in other units, or a text that makes the claims of the reference; 0.5 for one that
    makes the most of them and contradicts none. 0.0 for all else, without a call where a rule suffices: no answer, a
    number that is another, an answer that says nothing, or that speaks to the judge. See ``docs/stem.md``.

    ## Info, Episode End, Starting State
    As every ``synthetic1.envs.base.TextEnv``. The environment constructs without a judge. Where there is none, or it
    fails, a step that needed it ends with ``info["status"] == "unscorable"``.

    ## Arguments
    ```python
    import gymnasium as gym
    import synthetic1

    env = gym.make("synthetic1/stem-v0", judge="local")
    prompt, info = env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step("<think>…</think>\\n<answer>About 9.8 m/s²</answer>")
    ```

    Args:
        field: only questions of this science, e.g. ``physics``; None for all.
        tasks: None for the embedded questions; else what ``open_tasks`` takes: a file, ``hf://…``, or a mixture of them
            by weight.
        split: ``train``, ``test`` or ``all``. Of files, a tenth is test; of the embedded questions, a quarter.
        judge: None, ``local``, the URL of an OpenAI-compatible server, or a mapping of settings (``docs/judge.md``).
        thinking_open: the prompt as rendered for the model ends inside ``<think>``.
        bad_rows: what becomes of a row of a file that is not a task, or of a type that nobody verifies: ``quarantine``
            leaves it out and says so, ``error`` raises where it is read; None: what a program says, else ``error``.
        columns: for rows in no known format, which column is what: ``{"prompt": "question", "answer": "gold"}``.
            ``docs/tasks.md`` has the names.

    Raises:
        ValueError: an unknown split, a file that cannot be read as tasks, no question of the field, settings of a judge
            that do not fit, a ``thinking_open`` that is not a bool.

    ## Version History
    * v0: first version.
    """

    def __init__(
        self,
        field: str | None = None,
        tasks: Spec | None = None,
        split: TaskSplit = "train",
        judge: str | Mapping[str, Any] | None = None,
        thinking_open: bool = False,
        bad_rows: BadRows | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        scorer = Scorer([Stem(judge_settings(judge))])
        if tasks in (None, EMBEDDED):
            refuse_without_tasks(columns=columns, bad_rows=bad_rows)
            source = open_tasks(EMBEDDED)
            source = source if split == "all" else split_each_group(source, split, TEST_SHARE, _field)
        else:
            source = stored_tasks(tasks, scorer, split, bad_rows, columns=columns, family="stem")
        if field is not None:
            source = in_field(source, field)
        super().__init__(source, scorer, thinking_open=thinking_open)


def in_field(source: TaskSource, field: str) -> TaskSource:
    """The questions of ``source`` whose metadata name this field; case does not count.

    Raises:
        ValueError: none does; the message lists those that there are.
    """
    wanted = field.strip().casefold()
    found = tasks_where(source, lambda task: _field(task).casefold() == wanted, wanted)
    if found is None:
        known = ", ".join(sorted({name for name in map(_field, source) if name})) or "none"
        raise ValueError(f"field: {source.name} has no question of `{field}`; its fields: {known}")
    return found


def _field(task: Task) -> str:
    return str(task.metadata.get("field") or "")


make_vector = vector_of(StemEnv)
