"""A loss of its own for each part of a mixture, by TRL's own code.

The model runs once over a micro-batch, whose rows belong to several parts. TRL's loss is then taken once a part, with
that part's settings, of what the model said, and with the tokens of all other rows masked. So its terms add up: the
denominators of TRL's losses count the batch's tokens (dapo, cispo, vespo) or its rows (grpo, sapo, luspo, dr_grpo),
whatever is masked. Only that of bnpo counts the tokens that are left; its terms weigh what they are of all. With equal
losses the sum is the loss of the undivided batch, and its gradient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from trl import GRPOTrainer

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.reinforcement.objective.objective import PartLoss
from synthetic1.trainers.reinforcement.objective.reward import Reward

PART = "part"
"""The tensor in TRL's batches that says whose row it is; it is shuffled and split with all others. Shape (rows,)."""


@dataclass
class _WholeBatch:
    """What all parts of a micro-batch share."""

    attention_mask: torch.Tensor
    mask: torch.Tensor
    """Of the tokens that are learned from."""
    outputs: list[Any] = field(default_factory=list)
    """What the model said, once it has run."""


class PartLossTrainer(GRPOTrainer):  # type: ignore[misc]  # TRL ships no types we can follow
    """TRL's trainer with the losses of ``reward.objective``.

    Raises:
        ProgramError: terms of the loss that belong to no part.
    """

    reward: Reward
    loss_type: str
    epsilon_low: float
    epsilon_high: float
    _whole: _WholeBatch | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.reward.objective.losses and self.aux_loss_enabled:
            raise ProgramError(
                "env.mixture: the parts of a mixture cannot have losses of their own with a mixture-of-experts model, "
                "whose router's loss is one of the whole batch; set model_init_kwargs' router_aux_loss_coef to 0"
            )

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        output = super()._generate_and_score_completions(inputs)
        if self.reward.objective.losses:
            parts = [self.reward.objective.part_of(row["task_index"]) for row in inputs]
            output[PART] = torch.tensor(parts, device=output["completion_ids"].device)
        return output

    def _compute_loss(self, model: Any, inputs: Any) -> Any:
        if PART not in inputs:
            return super()._compute_loss(model, inputs)
        completion_mask = inputs["completion_mask"]
        mask = completion_mask * inputs["tool_mask"] if "tool_mask" in inputs else completion_mask
        self._whole = _WholeBatch(torch.cat([inputs["prompt_mask"], completion_mask], dim=1), mask)
        kept = self.loss_type, self.epsilon_low, self.epsilon_high
        mode = "train" if self.model.training else "eval"
        metrics, logged = self._metrics[mode], []
        total: Any = 0.0
        try:
            for part, loss in enumerate(self.reward.objective.losses):
                self.loss_type, self.epsilon_low, self.epsilon_high = loss.loss_type, loss.epsilon, loss.epsilon_high
                own = (inputs[PART] == part).unsqueeze(1)
                self._metrics[mode] = defaultdict(list)
                term = super()._compute_loss(model, {**inputs, "completion_mask": completion_mask * own})
                logged.append({name: values[-1] for name, values in self._metrics[mode].items()})
                total = total + loss.weight * self._share(loss, mask * own, mask) * term
        finally:
            self._whole = None
            self._metrics[mode] = metrics
            self.loss_type, self.epsilon_low, self.epsilon_high = kept
        counts = torch.stack([_counts(mask, inputs[PART] == part) for part in range(len(logged))])
        sizes = self.accelerator.reduce(counts, reduction="sum").tolist()
        sequences = self.importance_sampling_level == "sequence"
        for name, value in _merged(logged, [(row[0], row[1]) for row in sizes], sequences=sequences).items():
            metrics[name].append(value)
        return total

    @staticmethod
    def _share(loss: PartLoss, own: Any, whole: Any) -> Any:
        if loss.loss_type != "bnpo":
            return 1.0
        return own.sum().clamp(min=1.0) / whole.sum().clamp(min=1.0)

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: Any, attention_mask: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Of the whole micro-batch, once, while its parts are gone through."""
        if self._whole is None:
            return super()._get_per_token_logps_and_entropies(model, input_ids, attention_mask, *args, **kwargs)
        if not self._whole.outputs:
            seen = self._whole.attention_mask
            made = super()._get_per_token_logps_and_entropies(model, input_ids, seen, *args, **kwargs)
            self._whole.outputs.append(made)
        return self._whole.outputs[0]

    def get_high_entropy_mask(self, entropies: Any, mask: Any, threshold: float) -> Any:
        """The quantile is one of all tokens, not of a part's."""
        return super().get_high_entropy_mask(entropies, self._whole.mask if self._whole else mask, threshold)


def _counts(mask: Any, rows: Any) -> Any:
    """(tokens, rows) of a part."""
    return torch.stack([(mask * rows.unsqueeze(1)).sum().float(), rows.sum().float()])


def _merged(
    logged: Sequence[Mapping[str, float]], sizes: Sequence[tuple[float, float]], *, sequences: bool
) -> dict[str, float]:
    """What TRL would have logged of the whole: one value a name, of those that it logged for each part.

    Args:
        sizes: (tokens, rows) of each part, of all processes.
        sequences: ratios are of sequences: TRL's means are then over all rows, the masked ones included.
    """
    merged = {}
    rows = sum(count for _, count in sizes)
    for name in dict.fromkeys(name for values in logged for name in values):
        found = [(v[name], *size) for v, size in zip(logged, sizes, strict=True) if name in v and size[1]]
        values = [value for value, _, _ in found if value == value]  # a part without tokens has no extremes
        own_rows = sum(count for _, _, count in found)
        if not values:
            merged[name] = float("nan")
        elif name.endswith(("min", "max")):
            merged[name] = (min if name.endswith("min") else max)(values)
        elif name.startswith("vespo/"):  # the weight of a masked row is 1
            merged[name] = sum(value * rows - (rows - count) for value, _, count in found) / own_rows
        elif sequences and "clip" in name:  # a masked row is not clipped
            merged[name] = sum(value * rows for value, _, _ in found) / own_rows
        else:
            tokens = sum(count for _, count, _ in found)
            merged[name] = sum(value * count for value, count, _ in found) / max(tokens, 1.0)
    return merged
