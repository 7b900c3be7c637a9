"""Many text environments as one, whose step scores the whole batch at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from synthetic1.envs.base import OPTIONS, TextEnv, check_options, chosen_task, parse_action, task_level
from synthetic1.task import Task
from synthetic1.verdict import Verdict

Texts = tuple[str, ...]
Mask = NDArray[np.bool_]


class TextVectorEnv(VectorEnv[Texts, Sequence[str], NDArray[Any]]):
    """``num_envs`` copies of a ``TextEnv`` over one task source and one scorer.

    Same tasks, rewards and infos as ``SyncVectorEnv`` over copies of ``env`` with the same seeds, but one call to the
    scorer a step: completions are judged side by side and identical ones once.

    Observations are a tuple of ``num_envs`` strings; rewards ``float64``, terminations and truncations ``bool``, all of
    shape ``(num_envs,)``; infos arrays of that shape with a mask ``_key`` each. ``info["score"]`` is ``float64`` with
    NaN where there is no score.

    Args:
        env: a fresh ``TextEnv``; this environment takes over its tasks and its scorer.
        autoreset_mode: ``Disabled`` (the default: call ``reset`` after every ``step``, with options if you like) or
            ``SameStep`` (``step`` returns the next prompts, and the ended episodes under ``final_obs`` and
            ``final_info``). Gymnasium's own default, ``NextStep``, would throw away every second completion.

    Raises:
        ValueError: ``num_envs`` below 1, or another autoreset mode.
    """

    def __init__(
        self, env: TextEnv, num_envs: int, *, autoreset_mode: str | AutoresetMode = AutoresetMode.DISABLED
    ) -> None:
        mode = AutoresetMode(autoreset_mode)
        if mode is AutoresetMode.NEXT_STEP:
            raise ValueError("autoreset_mode NextStep would waste every second completion; use Disabled or SameStep")
        if num_envs < 1:
            raise ValueError(f"num_envs must be at least 1, got {num_envs}")
        self.num_envs = num_envs
        self.tasks, self.scorer, self.thinking_open = env.tasks, env.scorer, env.thinking_open
        self.metadata = {**env.metadata, "autoreset_mode": mode}
        self.single_observation_space = env.observation_space
        self.single_action_space = env.action_space
        self.observation_space = batch_space(env.observation_space, num_envs)
        self.action_space = batch_space(env.action_space, num_envs)
        self._same_step = mode is AutoresetMode.SAME_STEP
        self._rngs: list[np.random.Generator] = []  # one for each environment, so that seeds mean what they mean there
        self._seeds: list[int] = []
        self._tasks: list[Task | None] = [None] * num_envs
        self._prompts: list[str] = [""] * num_envs

    # Gymnasium's scalar type says `int`; its own vector environments return one value for each environment
    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The generators, one for each environment."""
        self._seed([None] * self.num_envs)
        return tuple(self._rngs)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seeds of the generators."""
        self._seed([None] * self.num_envs)
        return tuple(self._seeds)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Texts, dict[str, Any]]:
        """Begin an episode everywhere, or where ``options["reset_mask"]`` says.

        Args:
            seed: one integer (environment ``i`` gets ``seed + i``) or one seed for each environment.
            options: ``task_id`` or ``task``, one for all or a list with one for each environment (None = a random one);
                ``reset_mask``, a boolean array of shape ``(num_envs,)``.

        Raises:
            ValueError: an unknown option, a list of another length than ``num_envs``, an unknown task id.
        """
        options = check_options(options, (*OPTIONS, "reset_mask"))
        mask = self._reset_mask(options.get("reset_mask"))
        chosen = self._chosen(options, mask)  # before any state changes: an error leaves everything as it was
        self._seed(self._seed_list(seed), mask)
        return self._begin(mask, chosen)

    def step(self, actions: Sequence[str]) -> tuple[Texts, NDArray[np.float64], Mask, Mask, dict[str, Any]]:
        """Judge one completion for each environment, all at once.

        Raises:
            ValueError: not ``num_envs`` actions.
            TypeError: an action is no string.
            ResetNeeded: an environment has had its step.
        """
        if isinstance(actions, str) or len(actions) != self.num_envs:
            count = "one string" if isinstance(actions, str) else str(len(actions))
            raise ValueError(f"step takes {self.num_envs} completions, one for each environment; got {count}")
        tasks = [task for task in self._tasks if task is not None]
        if len(tasks) != self.num_envs:
            ended = [index for index, task in enumerate(self._tasks) if task is None]
            raise ResetNeeded(f"an episode has one step: reset environments {_shown(ended)} before step()")
        thinking_open = self.thinking_open
        pairs = [(task, parse_action(action, thinking_open)) for task, action in zip(tasks, actions, strict=True)]
        verdicts = self.scorer.score_sync(pairs)

        scores = np.array([verdict.score for verdict in verdicts], np.float64)  # None becomes NaN
        truncations = np.isnan(scores)
        rewards = np.where(truncations, 0.0, scores)
        everywhere = np.ones(self.num_envs, np.bool_)
        infos = self._infos(tasks, verdicts, scores, everywhere)
        self._tasks = [None] * self.num_envs
        self._prompts = [""] * self.num_envs
        if self._same_step:
            final_obs = _objects(self._prompts)
            prompts, next_infos = self._begin(everywhere, self._tasks)
            next_infos.update(final_obs=final_obs, _final_obs=everywhere.copy())
            next_infos.update(final_info=infos, _final_info=everywhere)
            return prompts, rewards, ~truncations, truncations, next_infos
        return tuple(self._prompts), rewards, ~truncations, truncations, infos

    def close_extras(self, **kwargs: Any) -> None:
        self.scorer.close()

    # Beginning episodes ---------------------------------------------------------------------------------------------

    def _begin(self, mask: Mask, chosen: Sequence[Task | None]) -> tuple[Texts, dict[str, Any]]:
        pick, where = self.tasks.pick, np.flatnonzero(mask).tolist()
        draws = [self._rngs[index].random() for index in where]
        tasks = [pick(u) if chosen[index] is None else chosen[index] for index, u in zip(where, draws, strict=True)]
        begun: list[Task | None] = tasks
        if len(where) < self.num_envs:
            begun = [None] * self.num_envs
            for index, task in zip(where, tasks, strict=True):
                begun[index] = task
        self._tasks = [old if new is None else new for old, new in zip(self._tasks, begun, strict=True)]
        self._prompts = ["" if task is None else task.prompt for task in self._tasks]
        return tuple(self._prompts), self._infos(begun, None, np.full(self.num_envs, np.nan), mask)

    def _chosen(self, options: Mapping[str, Any], mask: Mask) -> list[Task | None]:
        chosen: list[Task | None] = [None] * self.num_envs
        columns = {name: self._column(name, options[name]) for name in OPTIONS if options.get(name) is not None}
        if columns:
            for index in np.flatnonzero(mask):
                chosen[index] = chosen_task(self.tasks, {name: column[index] for name, column in columns.items()})
        return chosen

    def _column(self, name: str, value: Any) -> Sequence[Any]:
        """One value for each environment."""
        if isinstance(value, (str, Mapping, Task)):
            return [value] * self.num_envs
        if len(value) != self.num_envs:
            raise ValueError(f"options[{name!r}] has {len(value)} entries for {self.num_envs} environments")
        return list(value)

    def _reset_mask(self, mask: Any) -> Mask:
        if mask is None:
            return np.ones(self.num_envs, np.bool_)
        array: Mask = np.asarray(mask)
        if array.shape != (self.num_envs,) or array.dtype != np.bool_ or not array.any():
            raise ValueError(
                f"options['reset_mask'] must be a boolean array of shape ({self.num_envs},) with a True in it, "
                f"got {array.dtype} of shape {array.shape}"
            )
        return array.copy()

    def _seed_list(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, (int, np.integer)):
            return [int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds for {self.num_envs} environments")
        return list(seed)

    def _seed(self, seeds: list[int | None], mask: Mask | None = None) -> None:
        """Make a generator wherever there is a seed, and everywhere if there are none yet."""
        if not self._rngs:
            made = [seeding.np_random() for _ in range(self.num_envs)]
            self._rngs, self._seeds = [rng for rng, _ in made], [seed for _, seed in made]
        for index, seed in enumerate(seeds):
            if seed is not None and (mask is None or mask[index]):
                self._rngs[index], self._seeds[index] = seeding.np_random(seed)

    # Infos ----------------------------------------------------------------------------------------------------------

    def _infos(
        self, tasks: Sequence[Task | None], verdicts: Sequence[Verdict] | None, scores: NDArray[np.float64], mask: Mask
    ) -> dict[str, Any]:
        """The infos of ``TextEnv``, an array for each key; built by column, which is what makes a step cheap."""
        reasons: list[str | None] = [None] * self.num_envs
        answers = reasons
        if verdicts is None:
            statuses = [task and "open" for task in tasks]
        else:
            statuses = ["unscorable" if verdict.score is None else "scored" for verdict in verdicts]
            reasons, answers = [verdict.reason for verdict in verdicts], [verdict.answer for verdict in verdicts]
        infos: dict[str, Any] = {
            "task_id": _objects([task and task.problem_id for task in tasks]),
            "task_type": _objects([task and task.task_type for task in tasks]),
            "source": _objects([task and task.source for task in tasks]),
            "level": np.array([task_level(task) if task else 0 for task in tasks], np.int64),
            "status": _objects(statuses),
            "score": scores,
            "reason": _objects(reasons),
            "answer": _objects(answers),
        }
        return infos | {f"_{key}": mask.copy() for key in infos}


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """An object array of the values, whatever they are."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _shown(indices: list[int]) -> str:
    return ", ".join(map(str, indices[:8])) + (" …" if len(indices) > 8 else "")
