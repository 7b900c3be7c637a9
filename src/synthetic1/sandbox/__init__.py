"""Running untrusted programs: many inputs through one program, in a sandbox, one result for each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable, UnknownLanguage
    from synthetic1.sandbox.open import open_sandbox
    from synthetic1.sandbox.program import Call, Limits, Program
    from synthetic1.sandbox.result import Result
    from synthetic1.sandbox.sandbox import Sandbox

_HOMES = {
    "Call": "synthetic1.sandbox.program",
    "Limits": "synthetic1.sandbox.program",
    "Program": "synthetic1.sandbox.program",
    "Result": "synthetic1.sandbox.result",
    "Sandbox": "synthetic1.sandbox.sandbox",
    "SandboxError": "synthetic1.sandbox.errors",
    "SandboxUnavailable": "synthetic1.sandbox.errors",
    "UnknownLanguage": "synthetic1.sandbox.errors",
    "open_sandbox": "synthetic1.sandbox.open",
}

__all__ = [
    "Call",
    "Limits",
    "Program",
    "Result",
    "Sandbox",
    "SandboxError",
    "SandboxUnavailable",
    "UnknownLanguage",
    "open_sandbox",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `synthetic1.sandbox` has no attribute `{name}`")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
