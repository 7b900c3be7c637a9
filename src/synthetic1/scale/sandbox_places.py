"""Which nodes have a sandbox for which verifier, as far as they have said."""

from __future__ import annotations

from collections import Counter

from synthetic1.scale.nodes import FoundNode
from synthetic1.scale.sent_verifier import SentVerifier

FAILURES = 3  # in a row, of a node whose sandbox has worked


class SandboxPlaces:
    """What nodes have said of their sandboxes. A node where the first one does not open has none; where one has
    worked, several have to fail in a row: an engine may be busy."""

    def __init__(self) -> None:
        self._missing: dict[SentVerifier, dict[str, str]] = {}
        self._works: set[tuple[SentVerifier, str]] = set()
        self._failures: Counter[tuple[SentVerifier, str]] = Counter()

    @property
    def missing(self) -> list[SentVerifier]:
        """Verifiers for which some node has no sandbox."""
        return list(self._missing)

    def may_have(self, verifier: SentVerifier, node_id: str) -> bool:
        """Whether pairs of a verifier may be sent to a node."""
        return node_id not in self._missing.get(verifier, {})

    def works(self, verifier: SentVerifier, node_id: str) -> None:
        """A node has verified."""
        self._works.add((verifier, node_id))
        self._failures.pop((verifier, node_id), None)

    def fails(self, verifier: SentVerifier, node: FoundNode, why: str) -> bool:
        """A node says that it has no sandbox. Whether it is left out for that, from now on and not before."""
        key = (verifier, node.node_id)
        self._failures[key] += 1
        if not self.may_have(*key) or (key in self._works and self._failures[key] < FAILURES):
            return False
        self._missing.setdefault(verifier, {})[node.node_id] = f"node {node.name}: {why}"
        return True

    def why(self, verifier: SentVerifier) -> str:
        """What the nodes have said, in one line."""
        return "; ".join(sorted(self._missing.get(verifier, {}).values()))[:600]
