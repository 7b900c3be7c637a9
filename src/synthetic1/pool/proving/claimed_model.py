"""The model that a completion is said to be of, and one prefill of it over prompt and completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthetic1.jobs import chat, models
from synthetic1.jobs.model_settings import ModelSettings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class PrefilledCompletion:
    """What the model makes of a completion, a row for each of its n tokens: at the place that chose the token."""

    tokens: list[int]
    """Of the text; where it ended by itself, the end token, too. A server may have sampled the same text in other
    pieces: such tokens look improbable, and their activations differ."""
    rows: torch.Tensor
    """Last hidden states in bfloat16, shape (n, width)."""
    logits: torch.Tensor
    """In float32, shape (n, vocabulary)."""
    ended: bool
    """Its last token is the end token."""


class ClaimedModel:
    """A model of transformers with its tokenizer. Not thread-safe."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model.eval(), tokenizer

    @classmethod
    def open(
        cls, name: str, *, dtype: Literal["bfloat16", "float32"] = "bfloat16", revision: str | None = None
    ) -> ClaimedModel:
        """``embedded``, a folder, or a model id; on the GPU where there is one.

        Raises:
            ProgramError: no such model.
        """
        import torch

        settings = ModelSettings(name=name, dtype=dtype, revision=revision)
        models.check_whole(settings, "proofs")
        model, tokenizer = models.load_model(settings), models.load_tokenizer(settings)
        return cls(model.to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer)

    def prefill(self, prompt: str, text: str, *, ended: bool) -> PrefilledCompletion | None:
        """One pass over the prompt, in the chat template, and the completion.

        Args:
            ended: the model has stopped by itself; else it ran into the limit.

        Returns:
            ``None``: there are no tokens, or more than the model can attend to.
        """
        import torch

        tokenizer, before = self._tokenizer, chat.render(self._tokenizer, prompt)
        tokens: list[int] = tokenizer(text, add_special_tokens=False).input_ids
        if ended:
            tokens = [*tokens, tokenizer.eos_token_id]
        if not tokens or len(before) + len(tokens) > models.context_length(self._model):
            return None
        ids = torch.tensor([before + tokens[:-1]], device=self._model.device)
        with torch.inference_mode():
            hidden = self._model.get_decoder()(ids, use_cache=False).last_hidden_state[0, len(before) - 1 :]
            logits = self._model.get_output_embeddings()(hidden).float()
        return PrefilledCompletion(tokens, hidden.to(torch.bfloat16), logits, ended)
