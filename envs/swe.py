"""Software engineering: change a file as a commit did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic1.envs.base import TaskSplit, TextEnv, refuse_without_tasks, stored_tasks
from synthetic1.envs.vector import vector_of
from synthetic1.rewards.file_edits.languages import language_of
from synthetic1.rewards.judging.judge import judge_settings
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.swe import Swe
from synthetic1.tasks.sources import selection
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.tasks.sources.spec import Spec, open_tasks
from synthetic1.tasks.sources.split import split_by_problem

EMBEDDED = "embedded:swe"
TEST_SHARE = 0.25  # of the embedded changes: a tenth of so few would show nothing


class SweEnv(TextEnv):
    """Change a source file as a real commit did; rules decide what they can, a judge compares the rest.

    ## Description
    The prompt shows a file and an instruction. The answer is the whole new file, or SEARCH/REPLACE blocks. Without
    ``tasks`` these are the embedded changes, in ten languages; rows of CommitPack and CommitPackFT are read as
    published.

    ## Action Space
    The completion. Its change is all SEARCH/REPLACE blocks after the thought; without any, the last fenced block in the
    file's language.

    ## Observation Space
    The prompt, a string; ``""`` after the step.

    ## Rewards
    1.0 for the real file, or a change that the judge finds to behave as the real one; 0.5 for one that does the main
    part, or that deletes what the real one keeps. 0.0 for all else, without a call where a rule suffices: an edit that
    does not apply, nothing changed, comments only, broken syntax, tests weakened. See ``docs/swe.md``.

    ## Info, Episode End, Starting State
    As every ``synthetic1.envs.base.TextEnv``. The environment constructs without a judge. Where there is none, or it
    fails, a step that needed it ends with ``info["status"] == "unscorable"``.

    ## Arguments
    ```python
    import gymnasium as gym
    import synthetic1

    env = gym.make("synthetic1/swe-v0", judge="local")
    prompt, info = env.reset(seed=0)
    edit = "<<<<<<< SEARCH\\nretries = 3\\n=======\\nretries = 5\\n>>>>>>> REPLACE"
    _, reward, terminated, truncated, info = env.step(f"<think>…</think>\\n{edit}")
    ```

    Args:
        language: only changes to files in this language, by name or alias; None for all.
        tasks: None for the embedded changes; else what ``open_tasks`` takes: a file, ``hf://…``, or a mixture of them
            by weight.
        split: ``train``, ``test`` or ``all``. Of files, a tenth is test; of the embedded changes, a quarter.
        judge: None, ``local``, the URL of an OpenAI-compatible server, or a mapping of settings (``docs/judge.md``).
        thinking_open: the prompt as rendered for the model ends inside ``<think>``.
        bad_rows: what becomes of a row of a file that is not a task, or of a type that nobody verifies: ``quarantine``
            leaves it out and says so, ``error`` raises where it is read; None: what a program says, else ``error``.
        columns: for rows in no known format, which column is what: ``{"prompt": "issue", "before": "old", …}``.
            ``docs/tasks.md`` has the names.

    Raises:
        ValueError: an unknown split, a file that cannot be read as tasks, no task in the language, settings of a judge
            that do not fit, a ``thinking_open`` that is not a bool.

    ## Version History
    * v0: first version.
    """

    def __init__(
        self,
        language: str | None = None,
        tasks: Spec | None = None,
        split: TaskSplit = "train",
        judge: str | Mapping[str, Any] | None = None,
        thinking_open: bool = False,
        bad_rows: BadRows | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        scorer = Scorer([Swe(judge_settings(judge))])
        if tasks in (None, EMBEDDED):
            refuse_without_tasks(columns=columns, bad_rows=bad_rows)
            source = open_tasks(EMBEDDED)
            source = source if split == "all" else split_by_problem(source, split, TEST_SHARE)
        else:
            source = stored_tasks(tasks, scorer, split, bad_rows, columns=columns, family="swe")
        if language is not None:
            source = in_language(source, language)
        super().__init__(source, scorer, thinking_open=thinking_open)


def in_language(source: TaskSource, language: str) -> TaskSource:
    """The tasks of ``source`` whose file is in ``language``.

    Raises:
        ValueError: no task is.
    """
    wanted = language_of(language, "")
    return selection.in_language(source, {wanted.name, *wanted.labels}, label=wanted.name, asked=language)


make_vector = vector_of(SweEnv)
