"""Signed requests: who sent this, to which pool, is it fresh, and has it been here before.

A node signs the name of the pool it speaks to, the method, the target as it stands in the request line, a nonce, the
time, and the body's own bytes. So nothing has to be parsed before the sender is known, no two ways to write the same
JSON can be confused, and what was signed for one pool, path or moment is worth nothing elsewhere. Our clients write
bodies by ``keys.canonical_json``; whoever writes another client need not.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from synthetic1.pool.errors import PoolError, RequestRefused
from synthetic1.pool.node_key import SIGNATURE_BYTES, NodeKey, is_node_id, is_signature, is_signed

VERSION = "synthetic1-pool-1"
NODE, NONCE, TIMESTAMP, SIGNATURE = "X-Node", "X-Nonce", "X-Timestamp", "X-Signature"
SKEW_S = 30.0
"""Seconds by which the clocks of a node and the orchestrator may differ, the way included."""
STRANGERS = 600
"""Requests a minute of all nodes together that have not joined."""
REFUSED_KEPT = 100_000
"""Nonces, up to which those of refused requests are kept, too."""
PRUNED_FROM = 4096
_NONCE = re.compile(r"[A-Za-z0-9-]{16,64}")
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,15}")  # milliseconds since 1970: 16 digits last for 300,000 years


def message_of(pool: str, method: str, target: str, nonce: str, timestamp: str, body: bytes) -> bytes:
    """What is signed. None of the first lines can hold a line break, so each message has one reading.

    Args:
        pool: the orchestrator's public key.
        target: path and query, as in the request line.

    Raises:
        ValueError: a part that no request line holds.
    """
    parts = (VERSION, pool, method.upper(), target, nonce, timestamp)
    for part in parts:
        if not (part.isascii() and part.isprintable() and " " not in part):
            raise ValueError(f"{part!r:.80} holds what no request line can: spaces, line breaks, or more than ASCII")
    return "\n".join(parts).encode("ascii") + b"\n" + body


def sign_request(key: NodeKey, pool: str, method: str, target: str, body: bytes = b"") -> dict[str, str]:
    """The headers that make a request the node's own. Each call makes another nonce: a request that is sent again is
    signed again.

    Raises:
        PoolError: a target that no request line can hold.
    """
    nonce, timestamp = secrets.token_hex(16), str(time.time_ns() // 1_000_000)
    try:
        signature = key.sign(message_of(pool, method, target, nonce, timestamp, body))
    except ValueError as error:
        raise PoolError(f"a request cannot be signed: {error}") from None
    return {NODE: key.node_id, NONCE: nonce, TIMESTAMP: timestamp, SIGNATURE: signature.hex()}


@dataclass(frozen=True)
class SignedRequest:
    """A request whose sender is known."""

    node: str
    body: bytes
    timestamp_ms: int
    """When it was signed, by the node's clock: kept with what the request changes, see ``RequestCheck``."""


class RequestCheck:
    """Takes each signed request once.

    After a restart nothing is known of the nonces before it. But whatever changes something keeps the request's
    timestamp in the same transaction: so a request that was carried out before is refused by its age, and one that was
    not is carried out now. Not thread-safe.

    Args:
        pool: the orchestrator's public key.
        per_minute: requests that each node may send, at once or spread out.
        committed: for a node, the timestamp of the latest request of its own that changed something before this
            process began, in milliseconds; 0: there is none.
        known: whether a node has joined. All others share ``STRANGERS`` requests a minute: keys can be drawn by the
            million.
        clock: seconds since 1970. Set back, it lets nothing in a second time.
    """

    def __init__(
        self,
        pool: str,
        *,
        per_minute: int = 100,
        committed: Callable[[str], int] = lambda node: 0,
        known: Callable[[str], bool] = lambda node: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pool, self._committed, self._known, self._clock = pool, committed, known, clock
        self._per_minute = per_minute
        self._nonces: dict[tuple[str, str], tuple[float, int]] = {}
        """Node and nonce → when it may be forgotten, and its timestamp; in the order of coming, or nearly so."""
        self._forgotten_ms = 0
        """The latest timestamp of a request whose nonce was forgotten."""
        self._left: dict[str, tuple[float, float]] = {}
        """Node → requests that it may send still, and when that was counted."""
        self._many = PRUNED_FROM

    def check(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> SignedRequest:
        """The sender.

        Args:
            headers: looked up by the names above, as a mapping that ignores case, or has them so.

        Raises:
            RequestRefused: it is not signed, not for this pool, not of now, or not for the first time; or the node
                sends too many.
        """
        node, nonce = headers.get(NODE, ""), headers.get(NONCE, "")
        timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
        if not (node and nonce and timestamp and signature):
            raise RequestRefused(401, "unsigned", f"a request carries {NODE}, {NONCE}, {TIMESTAMP} and {SIGNATURE}")
        if not is_node_id(node):
            raise RequestRefused(401, "bad_node", f"{NODE} is an ed25519 public key, 64 lower-case hexadecimal digits")
        if not _NONCE.fullmatch(nonce):
            raise RequestRefused(400, "bad_nonce", f"{NONCE} has 16 to 64 letters, digits and hyphens")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise RequestRefused(400, "bad_timestamp", f"{TIMESTAMP} is a number of milliseconds since 1970")
        if not is_signature(signature):
            raise RequestRefused(401, "bad_signature", f"{SIGNATURE} has {2 * SIGNATURE_BYTES} hexadecimal digits")
        now, sent = self._clock(), int(timestamp) / 1e3
        if abs(now - sent) > SKEW_S:
            ahead = "ahead of" if sent > now else "behind"
            raise RequestRefused(
                401, "clock_skew", f"signed {abs(now - sent):.0f} s {ahead} this clock, which shows {now:.3f}"
            )
        try:
            message = message_of(self._pool, method, target, nonce, timestamp, body)
        except ValueError as error:
            raise RequestRefused(400, "bad_target", str(error)) from None
        if not is_signed(node, message, bytes.fromhex(signature)):
            raise RequestRefused(401, "bad_signature", "the signature is of another request, pool or key")
        if int(timestamp) <= self._committed(node):
            raise RequestRefused(409, "replayed", "signed before another that has been carried out: sign it again")
        self._forget_nonces(now)
        # Before it is counted: a replay must not use up what the node may send.
        if (node, nonce) in self._nonces or int(timestamp) <= self._forgotten_ms:
            raise RequestRefused(409, "replayed", f"this {NONCE} has been used, or may have been")
        try:
            if self._known(node):
                self._count(node, now, self._per_minute)
            else:
                self._count("", now, STRANGERS)
        except RequestRefused:
            if len(self._nonces) < REFUSED_KEPT:  # or a replay of it would count once more
                self._nonces[node, nonce] = now + 2 * SKEW_S, int(timestamp)
            raise
        # As long as the same request could pass for fresh. One from a fast clock is fresh for longer; one time for all
        # keeps the order in which they came that in which they go.
        self._nonces[node, nonce] = now + 2 * SKEW_S, int(timestamp)
        return SignedRequest(node, body, int(timestamp))

    def _count(self, node: str, now: float, per_minute: int) -> None:
        most, per_s = float(per_minute), per_minute / 60
        left, counted = self._left.get(node, (most, now))
        left = min(most, left + max(0.0, now - counted) * per_s)
        if left < 1:
            self._left[node] = left, now
            raise RequestRefused(429, "too_many", f"more than {most:.0f} requests a minute", (1 - left) / per_s)
        self._left[node] = left - 1, now
        if len(self._left) > self._many:  # whoever has been silent for a minute is as good as new
            self._left = {one: (n, at) for one, (n, at) in self._left.items() if now - at < 60}
            self._many = max(PRUNED_FROM, 2 * len(self._left))

    def _forget_nonces(self, now: float) -> None:
        while self._nonces:
            oldest = next(iter(self._nonces))
            until, sent_ms = self._nonces[oldest]
            if until >= now:
                return
            self._forgotten_ms = max(self._forgotten_ms, sent_ms)
            del self._nonces[oldest]
