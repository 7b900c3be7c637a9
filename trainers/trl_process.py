"""A process that trains with TRL: what it imports, and how it is stopped."""

from __future__ import annotations

import importlib
import signal
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object
from transformers import TrainerCallback


def prepare_imports(backend: str) -> None:
    """To be called before TRL's trainer is imported.

    TRL imports vLLM wherever it is installed, which takes ten seconds that only vLLM rollouts are worth. Its warning
    that the CPU build is newer than what it knows is answered by our own test of exactly that pair.
    """
    import warnings

    warnings.filterwarnings("ignore", message="TRL currently supports vLLM versions")
    warnings.filterwarnings("ignore", message="`torch.distributed.reduce_op` is deprecated")  # vLLM's to fix
    if backend == "transformers":
        importlib.import_module("trl.import_utils").is_vllm_available = lambda min_version=None: False  # type: ignore[attr-defined]


class SaveEvery(TrainerCallback):
    """Checkpoints as often as this run says: transformers goes on as often as the checkpoint it resumes from did."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        state.save_steps = args.save_steps


class StopOnSignal(TrainerCallback):
    """Ctrl-C (or SIGTERM) saves a checkpoint after the step at hand and stops; a second one stops at once."""

    def __init__(self, steps_per_rollout: int) -> None:
        self.asked = False
        self._steps = steps_per_rollout
        self._before: dict[int, Any] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.restore()

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # Mid-rollout the rest of the rollout would be lost: stop at the next boundary, so that resuming is exact.
        if state.global_step % self._steps == 0 and self._asked_anywhere():
            control.should_save = True
            control.should_training_stop = True

    def _asked_anywhere(self) -> bool:
        """A launcher signals its processes one after another; they must all stop at the same step."""
        if PartialState().num_processes > 1:
            self.asked = any(gather_object([self.asked]))
        return self.asked

    def _note(self, number: int, frame: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("stopping after this rollout's steps, with a checkpoint; once more to stop at once", flush=True)
