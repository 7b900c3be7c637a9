"""TRL's supervised trainer, as a run of ours needs it: samples in our order, steps that add up after a restart."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback
from trl import SFTTrainer

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.finetuning.order import SampleOrder


class OrderedSFTTrainer(SFTTrainer):  # type: ignore[misc]
    """Learns from samples in ``order``, whose epochs a restart does not rewind.

    transformers' own order hangs on the state of torch's generator when training begins, which a run that goes on with
    other settings does not share with the run before.

    Raises:
        ProgramError: settings that do not go together, in the words of TRL or peft.
    """

    def __init__(self, *args: Any, order: SampleOrder, **kwargs: Any) -> None:
        self.order = order
        try:
            super().__init__(*args, **kwargs)
        except ValueError as error:
            raise ProgramError(str(error)) from error

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order

    def _run_epoch(self, *args: Any, **kwargs: Any) -> None:
        if self.state.global_step >= self.state.max_steps:  # transformers would make one more update of an ended run
            self.control.should_training_stop = True
            return
        self.order.set_epoch(kwargs["epoch"])
        super()._run_epoch(*args, **kwargs)


class ScheduleOfLength(TrainerCallback):
    """Where a run that goes on has another length, its learning rate is that of a run of this length from here on.

    transformers restores the rate with the checkpoint: the first update of a run that has ended and is made longer
    would be made with the rate at its end, which is 0.
    """

    def on_train_begin(
        self, args: Any, state: Any, control: Any, optimizer: Any = None, lr_scheduler: Any = None, **_: Any
    ) -> None:
        factors = getattr(lr_scheduler, "lr_lambdas", None)
        if not state.global_step or not factors:
            return
        rates = [
            base * factor(lr_scheduler.last_epoch) for base, factor in zip(lr_scheduler.base_lrs, factors, strict=True)
        ]
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        lr_scheduler._last_lr = rates
