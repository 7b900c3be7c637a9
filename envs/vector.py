"""Many text environments as one, whose step scores the whole batch at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from synthetic1.envs.base import OPTIONS, TextEnv, check_options, chosen_task, parse_action, task_level, why_of
from synthetic1.task import Task

Texts = tuple[str, ...]
_SCORED, _UNSCORABLE = np.array("scored", object), np.array("unscorable", object)
Mask = NDArray[np.bool_]


class TextVectorEnv(VectorEnv[Texts, Sequence[str], NDArray[Any]]):
    """``num_envs`` copies of a ``TextEnv`` over one task source and one scorer.

    Same tasks, rewards and infos as ``SyncVectorEnv`` over copies of ``env`` with the same seeds, but one call to the
    scorer a step: completions are scored side by side and identical ones once.

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
        # What infos say of the tasks, kept by column: building them anew would cost a tenth of an episode
        self._task_columns = {name: np.empty(num_envs, object) for name in ("task_id", "task_type", "source")}
        self._task_columns["level"] = np.zeros(num_envs, np.int64)

    # Gymnasium's scalar type says `int`; its own vector environments return one value for each environment
    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """The generators, one for each environment."""
        self._seed(None)
        return tuple(self._rngs)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seeds of the generators."""
        self._seed(None)
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
            ValueError: an unknown option, one of another type, a list of another length than ``num_envs``, an unknown
                task id. Everything is then as it was: open episodes stay open.
        """
        options = check_options(options, (*OPTIONS, "reset_mask"))
        mask = self._reset_mask(options.get("reset_mask"))
        chosen = self._chosen(options, mask)  # before any state changes: an error leaves everything as it was
        self._seed(seed, mask)
        return self._begin(mask, chosen)

    def step(self, actions: Sequence[str]) -> tuple[Texts, NDArray[np.float64], Mask, Mask, dict[str, Any]]:
        """Score one completion for each environment, all at once.

        Raises:
            ValueError: not ``num_envs`` actions.
            TypeError: an action is not a string.
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
        infos = self._infos(
            everywhere,
            np.where(truncations, _UNSCORABLE, _SCORED),
            scores,
            _objects([verdict.reason for verdict in verdicts]),
            _objects([why_of(verdict) for verdict in verdicts]),
            _objects([verdict.answer for verdict in verdicts]),
        )
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
        tasks = [pick(u) if (task := chosen[index]) is None else task for index, u in zip(where, draws, strict=True)]
        slot: slice | Mask = mask
        if len(where) == self.num_envs:
            slot = slice(None)  # a third of the cost of a mask
            self._tasks, self._prompts = list(tasks), [task.prompt for task in tasks]
        else:
            for index, task in zip(where, tasks, strict=True):
                self._tasks[index], self._prompts[index] = task, task.prompt
        columns = self._task_columns
        columns["task_id"][slot] = [task.problem_id for task in tasks]
        columns["task_type"][slot] = [task.task_type for task in tasks]
        columns["source"][slot] = [task.source for task in tasks]
        columns["level"][slot] = [task_level(task) for task in tasks]
        reason, why, answer = (np.empty(self.num_envs, object) for _ in range(3))  # of None
        status, scores = np.full(self.num_envs, "open", object), np.full(self.num_envs, np.nan)
        return tuple(self._prompts), self._infos(mask, status, scores, reason, why, answer)

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
        if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, bytes):
            raise ValueError(
                f"options[{name!r}] must be one for all, or a list with one for each environment, "
                f"got {type(value).__name__}"
            )
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

    def _seed(self, seed: int | Sequence[int | None] | None, mask: Mask | None = None) -> None:
        """Make a generator wherever there is a seed, and everywhere if there are none yet."""
        if not self._rngs:
            made = [seeding.np_random() for _ in range(self.num_envs)]
            self._rngs, self._seeds = [rng for rng, _ in made], [number for _, number in made]
        if seed is None:
            return
        if isinstance(seed, (int, np.integer)):
            seed = [int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds for {self.num_envs} environments")
        for index, number in enumerate(seed):
            if number is not None and (mask is None or mask[index]):
                self._rngs[index], self._seeds[index] = seeding.np_random(number)

    # Infos ----------------------------------------------------------------------------------------------------------

    def _infos(
        self,
        mask: Mask,
        status: NDArray[Any],
        score: NDArray[Any],
        reason: NDArray[Any],
        why: NDArray[Any],
        answer: NDArray[Any],
    ) -> dict[str, Any]:
        """The infos of ``TextEnv``, an array for each key, and for each a mask; nothing in them is used again."""
        infos = {name: column.copy() for name, column in self._task_columns.items()}
        infos |= {"status": status, "score": score, "reason": reason, "why": why, "answer": answer}
        masks = np.repeat(mask[np.newaxis], len(infos), axis=0)
        return infos | {f"_{key}": row for key, row in zip(infos, masks, strict=True)}


def vector_of(env_class: Callable[..., TextEnv]) -> Callable[..., TextVectorEnv]:
    """What ``gym.make_vec`` calls: ``num_envs``, ``autoreset_mode``, and the arguments of ``env_class``."""

    def make_vector(num_envs: int, *, autoreset_mode: str = "Disabled", **kwargs: Any) -> TextVectorEnv:
        return TextVectorEnv(env_class(**kwargs), num_envs, autoreset_mode=autoreset_mode)

    return make_vector


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """An object array of the values, whatever they are."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _shown(indices: list[int]) -> str:
    return ", ".join(map(str, indices[:8])) + (" …" if len(indices) > 8 else "")
