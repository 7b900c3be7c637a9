"""An engine over a transformers model in this process: what evaluation uses beside a trainer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from synthetic1.completion import Completion
from synthetic1.inference.engine import Message, Sampling
from synthetic1.jobs.chat import decode

_Requests = list[tuple[list[int], asyncio.Future[Completion]]]
"""Token ids of a prompt, and who waits for its completion."""
SEEDS = 2**63
"""torch takes seeds of 64 bits."""
_TURNS = 4  # of the event loop: from a future to what gathers it, to the caller's task


class BatchedEngine:
    """Makes batches of what is asked for at the same time, for a generator in this process.

    The longest prompts come first: a batch is as wide as its longest, and what does not fit fails at once. Prompts of
    one length stay in the order of asking, so requests that are repeated, or go on after whole batches, meet the same
    batches again. A batch is handed out before the next one is begun.

    ``first``: how many completions of the same requests an earlier process has made. If those are whole batches, this
    one goes on as the other would have.
    """

    name: str

    def __init__(self, tokenizer: Any, model: str, *, batch_size: int, thinking_open: bool) -> None:
        self._tokenizer, self.model = tokenizer, model
        self.batch_size, self._thinking_open = batch_size, thinking_open
        self.first = 0
        self._batches: deque[tuple[Sampling, int, _Requests]] = deque()
        """The first one is being generated, or about to be."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[list[int], Sampling, asyncio.Future[Completion]]] = []

    async def complete(self, messages: Sequence[Message], n: int, sampling: Sampling) -> list[Completion]:
        """``n`` completions of one conversation; see :class:`synthetic1.inference.engine.Engine`."""
        loop = asyncio.get_running_loop()
        ids: list[int] = self._tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, return_dict=False
        )
        futures: list[asyncio.Future[Completion]] = [loop.create_future() for _ in range(n)]
        if not self._waiting:
            loop.call_soon(self._flush)  # after every request of this turn of the loop has been noted
        self._waiting += [(ids, sampling, future) for future in futures]
        return list(await asyncio.gather(*futures))

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        groups: dict[Sampling, _Requests] = {}
        for ids, sampling, future in waiting:
            groups.setdefault(sampling, []).append((ids, future))
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what another one has left will not be waited for
            self._loop = loop
            self._batches.clear()
        idle = not self._batches
        for sampling, group in groups.items():
            group.sort(key=lambda request: -len(request[0]))
            for start in range(0, len(group), self.batch_size):
                self._batches.append((sampling, start, group[start : start + self.batch_size]))
        if idle and self._batches:
            self._next()

    def _next(self, turns: int = 0) -> None:
        """After so many turns of the loop, in which callers take what they were given, generate the next batch."""
        if turns:
            asyncio.get_running_loop().call_soon(self._next, turns - 1)
            return
        sampling, start, batch = self._batches[0]
        try:
            if not all(future.cancelled() for _, future in batch):
                made = self._generate([ids for ids, _ in batch], sampling, self.first + start)
                for (_, future), completion in zip(batch, made, strict=True):
                    if not future.done():
                        future.set_result(completion)
        except BaseException as error:
            for *_, later in self._batches:
                for _, future in later:
                    if not future.done():
                        future.set_exception(error)
            self._batches.clear()
            if not isinstance(error, Exception):
                raise
        else:
            self._batches.popleft()
            if self._batches:
                self._next(_TURNS)

    def _generate(self, prompts: list[list[int]], sampling: Sampling, start: int) -> list[Completion]:
        """A completion for each prompt (token ids); ``start``: how many have been made of these requests before."""
        raise NotImplementedError

    def _read(self, ids: list[int], ends: set[int]) -> Completion:
        """The completion that token ids say; with any of ``ends``, at which the model stops, it has ended by itself."""
        stop = next((place for place, token in enumerate(ids) if token in ends), None)
        if stop is not None:
            ids = [*ids[:stop], self._tokenizer.eos_token_id]
        return decode(self._tokenizer, ids, thinking_open=self._thinking_open)


class TransformersEngine(BatchedEngine):
    """Batches as ``model.generate`` calls.

    Deterministic: the same requests in the same order, with the same ``Sampling.seed``, give the same completions,
    and the caller's random state is left as it was.

    Args:
        opened: gives the model for as long as a batch is generated, e.g. gathered from its shards; ``model`` as it is,
            unless given.
    """

    name = "transformers"

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        batch_size: int = 128,
        thinking_open: bool = False,
        opened: Callable[[], AbstractContextManager[Any]] | None = None,
    ) -> None:
        name = getattr(model.config, "name_or_path", "") or type(model).__name__
        super().__init__(tokenizer, name, batch_size=batch_size, thinking_open=thinking_open)
        self._opened = opened or (lambda: nullcontext(model))

    def _generate(self, prompts: list[list[int]], sampling: Sampling, start: int) -> list[Completion]:
        import torch

        tokenizer = self._tokenizer
        width = max(map(len, prompts))
        ids = torch.full((len(prompts), width), tokenizer.pad_token_id)
        mask = torch.zeros((len(prompts), width), dtype=torch.long)
        for row, prompt in enumerate(prompts):  # padded on the left, so that completions start in one column
            ids[row, width - len(prompt) :] = torch.tensor(prompt)
            mask[row, width - len(prompt) :] = 1
        greedy = sampling.temperature == 0.0
        options: dict[str, Any] = {"do_sample": not greedy}
        if not greedy:
            options |= {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        with self._opened() as model, torch.no_grad():
            device = next(model.parameters()).device
            ends = end_tokens(model.generation_config, tokenizer)
            was_training = model.training
            model.eval()
            with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
                torch.manual_seed((sampling.seed * 1_000_003 + start) % SEEDS)
                out = model.generate(
                    input_ids=ids.to(device),
                    attention_mask=mask.to(device),
                    max_new_tokens=sampling.max_tokens,
                    eos_token_id=sorted(ends),
                    pad_token_id=tokenizer.pad_token_id,
                    **options,
                )
            model.train(was_training)
        return [self._read(row, ends | {tokenizer.pad_token_id}) for row in out[:, width:].tolist()]


def end_tokens(generation_config: Any, tokenizer: Any) -> set[int]:
    """The ids of tokens that end a completion: all that the model names, and the tokenizer's."""
    named = generation_config.eos_token_id
    return {tokenizer.eos_token_id, *([named] if isinstance(named, int) else named or [])}
