"""An engine over a transformers model in this process: what evaluation uses beside a trainer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from synthetic1.completion import Completion
from synthetic1.inference.engine import Message, Sampling
from synthetic1.jobs.chat import decode

_Requests = list[tuple[list[int], asyncio.Future[Completion]]]
"""Token ids of a prompt, and who waits for its completion."""
_TURNS = 4  # of the event loop: from a future to what gathers it, to the caller's task


class TransformersEngine:
    """Batches what is asked for at the same time into ``model.generate`` calls, in the order of asking.

    Deterministic: the same requests in the same order, with the same ``Sampling.seed``, give the same completions,
    and the caller's random state is left as it was. A batch is handed out before the next one is begun.

    ``first``: how many completions of the same requests an earlier process has made. If those are whole batches, this
    one goes on as the other would have.
    """

    name = "transformers"

    def __init__(self, model: Any, tokenizer: Any, *, batch_size: int = 128, thinking_open: bool = False) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._batch_size, self._thinking_open = batch_size, thinking_open
        self.first = 0
        self._batches: deque[tuple[Sampling, int, _Requests]] = deque()
        """The first one is being generated, or about to be."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[list[int], Sampling, asyncio.Future[Completion]]] = []
        self.model: str = getattr(model.config, "name_or_path", "") or type(model).__name__

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
            for start in range(0, len(group), self._batch_size):
                self._batches.append((sampling, start, group[start : start + self._batch_size]))
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
        import torch

        tokenizer, model = self._tokenizer, self._model
        device = next(model.parameters()).device
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
        devices = [device] if device.type == "cuda" else []
        was_training = model.training
        model.eval()
        with torch.random.fork_rng(devices=devices), torch.no_grad():
            torch.manual_seed(sampling.seed * 1_000_003 + start)
            out = model.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                max_new_tokens=sampling.max_tokens,
                pad_token_id=tokenizer.pad_token_id,
                **options,
            )
        model.train(was_training)
        ends = torch.tensor([tokenizer.eos_token_id, tokenizer.pad_token_id])
        completions = []
        for row in out[:, width:].cpu():
            stops = torch.isin(row, ends).nonzero()
            kept = row[: int(stops[0]) + 1] if len(stops) else row
            completions.append(decode(tokenizer, kept.tolist(), thinking_open=self._thinking_open))
        return completions
