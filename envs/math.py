r"""Mathematics: work out an answer and put it in a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synthetic1.envs.base import (
    TaskSplit,
    TextEnv,
    refuse_with_tasks,
    refuse_without_tasks,
    split_of_generated,
    stored_tasks,
)
from synthetic1.envs.vector import vector_of
from synthetic1.rewards.math import Math
from synthetic1.rewards.math_answers.answer import AnswerStyle
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.math import GeneratedMath
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.tasks.sources.spec import Spec

if TYPE_CHECKING:
    from synthetic1.rewards.judging.settings import JudgeSettings


class MathEnv(TextEnv):
    r"""Solve a mathematical problem whose answer is exact.

    ## Description
    The prompt states a problem. Problems are generated, at levels from 1 to 5, of fourteen kinds: fractions, number
    theory, modular arithmetic, surds, linear systems, polynomials, intervals, complex numbers, matrices, sequences,
    combinatorics, probability, geometry, calculus. sympy computes their answers. With ``tasks`` the environment takes
    existing rows instead: SYNTHETIC-1 or GENESYS files, GSM8K's, MATH's, NuminaMath's, DeepScaleR's, verl's and those
    of other layouts (``docs/tasks.md``).

    ## Action Space
    The completion. Its answer is the last ``\boxed{…}`` after the thought, or what ``answer_style`` allows besides.

    ## Observation Space
    The prompt, a string; ``""`` after the step.

    ## Rewards
    1.0 if the answer is mathematically what the gold says, else 0.0. Numbers are compared exactly, formulas as
    functions of their variables. Besides that

    * another form is right (``\frac{1}{2}``, ``0.5``, ``x = 1/2``); work left undone is not (``1/4 + 1/4``), nor is a
      formula of the question, nor a second answer beside the right one;
    * a rounded decimal needs four significant digits; a decimal gold of three or more may be rounded itself;
    * a quantity may be given in another unit of its kind: for ``5\text{ cm}``, ``0.05\text{ m}`` is right and
      ``5\text{ m}`` is not; an answer in percent is right only where the gold is;
    * the order of solutions or of a set means nothing, that of a point or tuple does;
    * an interval has the ends of the gold, open or closed alike; the inequality that says the same is right, too.

    Of two readings the stricter one is taken. A gold that cannot be read makes an episode ``unscorable``. The whole
    table is in ``docs/math.md``. With an ``answer_judge``, a model is asked about answers of which the rules cannot
    tell ("a dozen" for 12), and about no others; where it fails, the episode is ``unscorable``.

    ## Info, Episode End, Starting State
    As every ``synthetic1.envs.base.TextEnv``.

    ## Arguments
    ```python
    import gymnasium as gym
    import synthetic1

    env = gym.make("synthetic1/math-v0", level="1-3", kinds=["fractions", "surds"])
    prompt, info = env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(r"<think>…</think>The sum is \boxed{\frac{5}{6}}.")

    envs = gym.make_vec("synthetic1/math-v0", num_envs=64, tasks="gsm8k_test.jsonl")
    ```

    Args:
        level: levels of the generator: ``3``, ``[1, 2]``, ``"1-3"`` or ``"1,4"``.
        kinds: kinds of generated problems: a name or several; None for all.
        tasks: None for generated problems; else what ``open_tasks`` takes: a file, ``hf://…``, ``embedded:math`` or a
            mixture of them by weight. It excludes ``level``, ``kinds``, ``seed`` and ``size``, which are for the
            generator.
        split: ``train`` or ``test``; of files also ``all``. Generated test problems never occur in training; of files,
            a tenth is test.
        seed: of the generator; another seed gives other problems. ``reset(seed=…)`` only picks among them.
        size: how many problems the generator offers.
        answer_style: ``boxed``, ``boxed_or_final_line`` or ``any``: what counts as an answer.
        thinking_open: the prompt as rendered for the model ends inside ``<think>``.
        answer_judge: None: rules alone. Else who is asked where they cannot tell: ``local``, the URL of an
            OpenAI-compatible server, a mapping of settings (``docs/judge.md``), or, in programs, True: the run's judge.
        bad_rows: what becomes of a row of a file that is not a task, or of a type that nobody verifies: ``quarantine``
            leaves it out and says so, ``error`` raises where it is read; None: what a program says, else ``error``.
        columns: for rows in no known format, which column is what: ``{"prompt": "question", "answer": "gold"}``.
            ``docs/tasks.md`` has the names.

    Raises:
        ValueError: an unknown level, kind, split or answer style, an argument of the generator beside ``tasks``, a
            file that cannot be read as tasks, settings of a judge that do not fit, a ``thinking_open`` that is not a
            bool.

    ## Version History
    * v0: first version. The version of its generated problems is ``generator`` in their metadata: 2.
    """

    def __init__(
        self,
        level: int | str | Sequence[int] = "1-3",
        kinds: str | Sequence[str] | None = None,
        tasks: Spec | None = None,
        split: TaskSplit = "train",
        seed: int = 0,
        size: int = 2000,
        answer_style: AnswerStyle = "boxed",
        thinking_open: bool = False,
        answer_judge: bool | str | Mapping[str, Any] | None = None,
        bad_rows: BadRows | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        # Not called `judge`: what is called so gets the judge of a run in every part of a mixture, and mathematics is
        # verified by rules unless somebody says otherwise of it.
        scorer = Scorer([Math(answer_style, judge=_judge(answer_judge))])
        if tasks is None:
            refuse_without_tasks(columns=columns, bad_rows=bad_rows)
            source: TaskSource = GeneratedMath(
                level, kinds=kinds, split=split_of_generated(split), seed=seed, size=size
            )
        else:
            refuse_with_tasks(MathEnv, level=level, kinds=kinds, seed=seed, size=size)
            source = stored_tasks(tasks, scorer, split, bad_rows, columns=columns, family="math")
        super().__init__(source, scorer, thinking_open=thinking_open)


def _judge(value: bool | str | Mapping[str, Any] | None) -> JudgeSettings | None:
    """The settings that ``answer_judge`` says; what it takes to read them is imported only if it says any."""
    if value is None or value is False:
        return None
    if value is True:
        raise ValueError(
            "answer_judge=True is the judge of a run, and there is none: add judge=local, or name one here, as"
            " answer_judge=local"
        )
    from synthetic1.rewards.judging.settings import judge_settings

    return judge_settings(value)


make_vector = vector_of(MathEnv)
