"""The sandboxes of verifiers: opened when first needed, one for equal settings on an event loop, closed with it."""

from __future__ import annotations

from synthetic1.rewards.scoring.per_loop import PerLoop
from synthetic1.sandbox.open import Settings, open_with
from synthetic1.sandbox.sandbox import Sandbox

sandboxes: PerLoop[Settings, Sandbox] = PerLoop(open_with)
"""Opening one raises SandboxUnavailable: there is none that works here now."""
