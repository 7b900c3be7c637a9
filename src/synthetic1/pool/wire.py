"""What orchestrator and worker say to each other, as JSON. Unknown fields are refused, so that a typing error shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_TEXT = 2_000_000
"""Characters of a completion."""
MAX_PROOFS = 20_000
"""Of a completion: 640,000 tokens' worth."""
Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A name of somebody's: one short line."""


class PoolMessage(BaseModel):
    """No unknown fields, no numbers from strings."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class JoinRequest(PoolMessage):
    """A node introduces itself; again, when something of this has changed."""

    name: Line = ""
    """For people; anybody may have the same."""
    region: Line = ""
    """Where it says it is, e.g. ``europe``. Addresses are never recorded."""
    device: Line = ""
    memory_bytes: int = Field(default=0, ge=0, le=1 << 50)
    """That it can give to a challenge."""


class Terms(PoolMessage):
    """What work in this pool is."""

    run: str
    model: str
    sampling: dict[str, Any]
    """``max_tokens``, ``temperature``, ``top_p``, ``top_k``; the seed comes with each task."""
    thinking_open: bool
    proof: Literal["none", "toploc"]
    dtype: Literal["bfloat16", "float32"]
    """In which the orchestrator recomputes."""
    lease_tasks: int
    lease_s: float


class ChallengeToSolve(PoolMessage):
    """See ``hardware.messages.HardwareChallenge``: the claim is what the node has said, memory cut to what is asked."""

    nonce: Hex32
    memory_bytes: int
    device: str
    answer_within_s: float


class JoinReply(PoolMessage):
    standing: Literal["new", "active", "quarantined"]
    why: str = ""
    terms: Terms
    challenge: ChallengeToSolve | None = None
    """To be answered before there is work."""


class CommitmentRequest(PoolMessage):
    rows: Hex64
    walk: Hex64


class VectorReply(PoolMessage):
    vector: list[float]


class ProductRequest(PoolMessage):
    product: list[float] = Field(max_length=1 << 16)


class OpeningsReply(PoolMessage):
    rows: list[int]
    steps: list[int]


class WireRow(PoolMessage):
    index: int
    content: Annotated[str, StringConstraints(max_length=1 << 20)]
    path: list[Hex64] = Field(max_length=64)


class WireStep(PoolMessage):
    index: int
    before: Hex64
    before_path: list[Hex64] = Field(max_length=64)
    after: Hex64
    after_path: list[Hex64] = Field(max_length=64)
    row: WireRow


class OpeningsRequest(PoolMessage):
    rows: list[WireRow] = Field(max_length=4096)
    steps: list[WireStep] = Field(max_length=4096)


class Standing(PoolMessage):
    standing: Literal["new", "active", "quarantined"]
    why: str = ""


class LeaseRequest(PoolMessage):
    many: int = Field(default=8, ge=1, le=1024)


class LentTask(PoolMessage):
    unit: Hex32
    """Names what is to be handed in."""
    prompt: str
    seed: int
    """To be sampled with."""
    until: float
    """Seconds from now."""


class LeaseReply(PoolMessage):
    tasks: list[LentTask]
    retry_s: float = 0.0
    """Where there is nothing: when to ask again."""
    done: bool = False
    """Nothing is left to do, and nothing will be."""


class RenewRequest(PoolMessage):
    units: list[Hex32] = Field(max_length=4096)


class RenewReply(PoolMessage):
    kept: list[str]
    """Those that are the node's still."""


class WorkDone(PoolMessage):
    """A completion, and what shows how it was made."""

    unit: Hex32
    text: str = Field(max_length=MAX_TEXT)
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int = Field(ge=0, lt=1 << 31)
    completion_tokens: int = Field(ge=0, lt=1 << 31)
    proofs: list[Annotated[str, StringConstraints(max_length=512)]] = Field(default_factory=list, max_length=MAX_PROOFS)


class SubmitRequest(PoolMessage):
    work: list[WorkDone] = Field(min_length=1, max_length=256)


class SubmitReply(PoolMessage):
    taken: list[str]
    """Units that are recorded, now or before."""
    refused: dict[str, str]
    """Unit → why it is not taken: not the node's, or too late."""


class EarnedReply(PoolMessage):
    """How a node stands."""

    standing: Literal["new", "active", "quarantined"]
    why: str
    units: int
    """Work units in the ledger."""
    pending: int
    accepted: int
    rejected: int
    verified: int
    lapsed: int
    ledger_head: str
    """Digest of the ledger's last entry: who keeps it can prove later that the ledger was changed."""


class EmptyRequest(PoolMessage):
    """Nothing but who asks."""


class AdminRequest(PoolMessage):
    """What an administrator does with a node."""

    action: Literal["quarantine", "release"]
    node: Hex64
    why: Line = ""


class PoolFacts(PoolMessage):
    """What anybody may know of a pool."""

    pool: Hex64
    """The orchestrator's public key, which signed requests name."""
    run: str
    version: str
