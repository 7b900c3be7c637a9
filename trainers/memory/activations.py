"""What passes through a decoder hold for a while, derived from the operations they are made of.

Names: h, i, q, k are the numbers that a token has in the residual stream, in the MLP, in all queries, in all keys (as
many in values); w and c the bytes of a number of the weights and of most activations, which differ under autocast; T
the tokens of a row. Tests hold this against what autograd keeps of real models.
"""

from __future__ import annotations

from synthetic1.trainers.memory.shape import ModelShape
from synthetic1.trainers.memory.workload import Workload

FLOAT = 4  # bytes
HEAD_TOKENS, HEAD_WORDS = 4096, 32768
"""The tile in which TRL 1.16 computes logits (``trl.kernels.chunked_logprob``): never all of them at once."""
HEAD_COPIES = {"cpu": 7, "cuda": 0}
"""Tiles in float32 that the head's backward pass holds beside the logits: without Triton, y, z, log p, p, the gradient
and two terms of it (``_backward_tile``); Triton turns the logits into their gradient in place."""


def update(shape: ModelShape, work: Workload) -> dict[str, int]:
    """Activations and logits when the backward pass begins, which is when most of them are there.

    The head's backward pass is over before those of the layers begin, so of what the two hold for a moment the larger
    counts.
    """
    logits = _head(shape, work)
    moment = int(work.rows * work.tokens * passing(shape, work))
    parts = {"activations": kept(shape, work) + max(0, moment - logits), "logits": logits}
    if work.sharing.shards("weights"):
        parts["gathered layers"] = gathered(shape, work)
    elif work.autocast:  # copies of all weights; under checkpointing, of frozen ones only a layer's
        casts = work.compute_bytes * shape.matrices
        parts["autocast"] = casts // shape.layers if work.lora and work.checkpointing else casts
    return parts


def kept(shape: ModelShape, work: Workload) -> int:
    """Bytes of activations that a forward pass leaves for the backward pass.

    Under checkpointing a layer's input, and one layer at a time computed again. Beside the layers: the embedding, and
    the last norm's input and output.
    """
    tokens = work.rows * work.tokens
    layer = int(tokens * _layer(shape, work))
    inputs = tokens * shape.hidden * work.held_bytes
    return 3 * inputs + (shape.layers * inputs + layer if work.checkpointing else shape.layers * layer)


def gathered(shape: ModelShape, work: Workload) -> int:
    """Bytes of sharded weights that are whole for a moment: a layer, the next one, and what lies outside of layers.

    FSDP casts what it gathers (``MixedPrecisionPolicy.param_dtype``), so that nothing is left for autocast to copy.
    """
    outside = shape.embedding * (1 if shape.tied else 2)
    return work.compute_bytes * (2 * shape.matrices // shape.layers + outside)


def generation(shape: ModelShape, work: Workload, rows: int) -> dict[str, int]:
    """What ``generate`` holds for ``rows`` completions of full length.

    The cache grows by concatenation, a layer at a time (``DynamicLayer.update``), and attention repeats that layer's
    keys and values for every query head. Logits are of one position a row: the model's, float32, after the processors,
    probabilities, and two more that ``multinomial`` makes; sorting for top-p has values, places (8 B) and sums.
    """
    prompt = max(work.tokens - work.scored, 1)
    cached = _cached(shape, work)
    cache = int(rows * work.tokens * shape.layers * cached)
    uncast = shape.queries * work.held_bytes if work.autocast and shape.normed_queries else 0
    step = int(rows * work.tokens * (cached + 2 * shape.queries * work.compute_bytes + uncast))
    prefill = int(rows * prompt * passing(shape, work, prompt))
    copies = 6 + (6 if work.narrowed else 0)
    parts = {"cache": cache, "passing": max(step, prefill), "logits": copies * rows * shape.vocabulary * FLOAT}
    if work.sharing.shards("weights"):
        if work.sharing.by == "deepspeed" and work.gathers:
            whole = shape.parameters * work.held_bytes
            parts["gathered weights"] = whole - (0 if "weights" in work.sharing.offloaded else whole // work.processes)
        else:
            parts["gathered layers"] = gathered(shape, work)
    elif work.autocast and not work.lora:  # autocast keeps what it makes of weights that are trained
        parts["autocast"] = work.compute_bytes * (shape.matrices + shape.embedding)
    return parts


def _layer(shape: ModelShape, work: Workload) -> float:
    """Bytes that autograd keeps of one layer for each token.

    * Two norms: the input in float32, the normed input (if the norm is trained), and the output, which the projections
      keep: under autocast each of the five (q, k, v, gate, up) its own copy in c.
    * Queries and keys, where they are normed: in float32, and normed (if trained).
    * Attention: query, key, value and output; key and value once for every query head. SDPA keeps the mask (rows are
      padded) as T numbers; eager attention the probabilities, T numbers for every head; flash attention neither.
    * The MLP: gate, its activation, up, and their product.
    * Adapters: r numbers for each of seven matrices; with dropout its mask (1 B) and what is left of every input.
    """
    h, i, q, k = shape.hidden, shape.intermediate, shape.queries, shape.keys
    w, c, full = work.held_bytes, work.compute_bytes, work.lora is None
    size = float(2 * h * (FLOAT + w * full) + h * (5 * c if work.autocast else 2 * w))
    if shape.normed_queries:
        size += (q + k) * (FLOAT + c * full)
    size += {"flash": 2 * (q + k) * c, "sdpa": 4 * q * c, "eager": 4 * q * c}[shape.attention]
    size += _scores(shape, work, work.tokens)
    size += 4 * i * c
    if work.lora:
        size += 7 * work.lora.r * FLOAT
        size += (1 + c) * (5 * h + q + i) if work.lora.dropout else 0
    return size


def _scores(shape: ModelShape, work: Workload, tokens: int) -> float:
    """Bytes a token of what attention compares it by with ``tokens`` others, in one layer."""
    narrow = work.compute_bytes if work.compute_bytes < FLOAT else 0
    return {"flash": 0, "sdpa": tokens * work.compute_bytes, "eager": tokens * shape.heads * (FLOAT + narrow)}[
        shape.attention
    ]


def passing(shape: ModelShape, work: Workload, tokens: int | None = None) -> float:
    """Bytes a token that a layer holds for a moment, forward or backward: the larger of its two halves.

    Attention: residual, normed and projected (3h), query, both repeated, output (4q), key and value (2k), and twice
    what it compares by. MLP: as many in the stream, gate, up and product (3i), or the gradients of these. Under
    autocast queries and keys that are normed come in w, and are repeated so, before they are cast.
    """
    h, i, q, k = shape.hidden, shape.intermediate, shape.queries, shape.keys
    stream = 3 * h * work.held_bytes
    scores = 2 * _scores(shape, work, tokens or work.tokens)
    uncast = (2 * q + k) * work.held_bytes if work.autocast and shape.normed_queries else 0
    return stream + max((4 * q + 2 * k) * work.compute_bytes + uncast + scores, (3 * i + h) * work.compute_bytes)


def _cached(shape: ModelShape, work: Workload) -> int:
    """Bytes of keys and values of one token in one layer. A normed key leaves its norm, which is not autocast, in w."""
    key = work.held_bytes if shape.normed_queries else work.compute_bytes
    return shape.keys * (key + work.compute_bytes)


def _head(shape: ModelShape, work: Workload) -> int:
    """Bytes of TRL's fused head in its backward pass: logits in tiles, and what it sums up in float32.

    On CUDA only scored tokens go through it; elsewhere every token does. The gradient of the head's weights is float32
    and whole, unless the head is frozen; those of hidden states too.
    """
    tokens = work.rows * (work.scored if work.device == "cuda" else work.tokens)
    tile = min(tokens, HEAD_TOKENS) * min(HEAD_WORDS, shape.vocabulary)
    weights = 0 if work.lora else shape.embedding
    hidden = tokens * shape.hidden
    return tile * (work.compute_bytes + HEAD_COPIES[work.device] * FLOAT) + (weights + 2 * hidden) * FLOAT
