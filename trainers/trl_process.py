"""A process that trains with TRL: what it imports, and how it is stopped."""

from __future__ import annotations

import importlib
import signal
from typing import Any, Self

from accelerate import PartialState
from accelerate.utils import gather_object
from transformers import TrainerCallback

from synthetic1.jobs.stopping import SIGNALS, Signals


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
    """Ctrl-C, SIGTERM or SIGHUP saves a checkpoint after the step at hand and stops; a second one stops at once.

    As a context manager it gives the handlers back whatever ends the training: transformers tells callbacks of an end
    that it reached alone.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def __init__(self, steps_per_rollout: int) -> None:
        self.asked = False
        self._steps = steps_per_rollout
        self._signals = Signals()
        self._before: dict[int, Any] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._signals = Signals.of_block()
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
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
        said = self._signals.heard(number)
        if said == "stop at once":
            self.restore()
            raise KeyboardInterrupt
        if said == "stop":
            what = "this step" if self._steps == 1 else "this rollout's steps"
            print(f"stopping after {what}, with a checkpoint; once more to stop at once", flush=True)
        self.asked = True
