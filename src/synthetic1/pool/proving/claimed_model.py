"""The model that a completion is said to be of, and one prefill of it over prompt and completion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthetic1.jobs import chat, models
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.pool.toploc.errors import ActivationsError

if TYPE_CHECKING:
    import torch


class TokensRefused(ValueError):
    """Token ids that no completion of this model has: one line that says which, and why."""


@dataclass(frozen=True, eq=False)
class PrefilledCompletion:
    """What the model makes of a completion, a row for each of its n tokens: at the place that chose the token."""

    tokens: list[int]
    """Of the text; where it ended by itself, the end token, too. A server may have sampled the same text in other
    pieces: such tokens look improbable, and their activations differ."""
    rows: torch.Tensor
    """Last hidden states, those that go into the LM head, shape (n, width). Always bfloat16, which proofs are over: a
    model in float32 rounds them here."""
    logits: torch.Tensor
    """In float32, shape (n, vocabulary)."""
    ended: bool
    """Its last token is the end token."""
    prompt_tokens: int
    """In the chat template."""


class ClaimedModel:
    """A model of transformers with its tokenizer. Not thread-safe.

    Completions are read one at a time, without padding: in batches the same numbers are added up in another order,
    which in bfloat16 is as much as honest machines differ by.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model.eval(), tokenizer

    @classmethod
    def open(
        cls,
        name: str,
        *,
        dtype: Literal["bfloat16", "float32"] = "bfloat16",
        revision: str | None = None,
        device: str | None = None,
    ) -> ClaimedModel:
        """``embedded``, a folder, or a model id.

        Args:
            device: ``None``: the GPU where there is one.

        Raises:
            ProgramError: no such model.
        """
        import torch

        settings = ModelSettings(name=name, dtype=dtype, revision=revision)
        models.check_whole(settings, "proofs")
        model, tokenizer = models.load_model(settings), models.load_tokenizer(settings)
        return cls(model.to(device or ("cuda" if torch.cuda.is_available() else "cpu")), tokenizer)

    @property
    def end_tokens(self) -> frozenset[int]:
        """Those that end a completion: the tokenizer's, and what the model's generation settings have besides."""
        said = getattr(getattr(self._model, "generation_config", None), "eos_token_id", None)
        more = said if isinstance(said, list | tuple) else [said]
        return frozenset(int(token) for token in (self._tokenizer.eos_token_id, *more) if token is not None)

    def tokens_of(self, prompt: str, text: str, *, ended: bool) -> tuple[list[int], list[int]]:
        """The token ids of a prompt, in the chat template, and of a completion's text.

        Text that was sampled in other pieces than the tokenizer cuts it into is not what was sampled: rows from there
        on differ a little, and noise that is drawn token by token cannot be replayed. Whoever has the ids that were
        sampled (vLLM: ``return_token_ids``) loses nothing.

        Args:
            ended: the model has stopped by itself, and its end token is the last; else it ran into the limit.

        Raises:
            TokensRefused: the text cannot be written in UTF-8, so that no tokens make it.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise TokensRefused(f"the text has half a character at {error.start}: no tokens make that") from None
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        return chat.render(self._tokenizer, prompt), [*tokens, self._tokenizer.eos_token_id] if ended else tokens

    def prefill(self, prompt: str, text: str, *, ended: bool) -> PrefilledCompletion | None:
        """One pass over the prompt, in the chat template, and the completion.

        Returns:
            ``None``: there are no tokens, more than the model can attend to, or none that make the text.

        Raises:
            ActivationsError: the model has computed infinity or NaN.
        """
        try:
            return self.prefill_tokens(*self.tokens_of(prompt, text, ended=ended))
        except TokensRefused:
            return None

    def prefill_tokens(self, prompt_ids: Sequence[int], completion_ids: Sequence[int]) -> PrefilledCompletion:
        """As ``prefill``, of token ids.

        Raises:
            TokensRefused: ids that are none of the model's, no tokens, or more than it can attend to.
            ActivationsError: the model has computed infinity or NaN.
        """
        import torch

        before, tokens = list(prompt_ids), list(completion_ids)
        self._check(before, tokens)
        n, heard = len(tokens), list[torch.Tensor]()
        ids = torch.tensor([before + tokens[:-1]], device=self._model.device)
        hook = self._model.get_output_embeddings().register_forward_pre_hook(lambda _, given: heard.append(given[0]))
        try:
            with torch.inference_mode():
                logits = self._model(ids, use_cache=False, logits_to_keep=n).logits[0, -n:].float()
        finally:
            hook.remove()
        rows = heard[0][0, -n:].to(torch.bfloat16)
        if not (torch.isfinite(rows).all() and torch.isfinite(logits).all()):
            raise ActivationsError(f"activations of {n} tokens: infinity or NaN; the model has failed")
        return PrefilledCompletion(tokens, rows, logits, tokens[-1] in self.end_tokens, len(before))

    def _check(self, before: list[int], tokens: list[int]) -> None:
        most, known = models.context_length(self._model), int(self._model.get_input_embeddings().num_embeddings)
        if not before or not tokens:
            raise TokensRefused("no tokens: prompt and completion have at least one each")
        if len(before) + len(tokens) > most:
            raise TokensRefused(f"{len(before)} + {len(tokens)} tokens: the model can attend to {most}")
        for place, token in enumerate(before + tokens):
            if type(token) is not int or not 0 <= token < known:
                raise TokensRefused(f"token {place} is {token!r:.40}: ids are integers from 0 to {known - 1}")
