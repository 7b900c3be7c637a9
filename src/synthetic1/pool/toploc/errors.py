"""What can be wrong with a proof, which is the worker's fault, and with activations, which is our own."""

from __future__ import annotations


class ProofError(ValueError):
    """Not a proof: the worker that handed it in is to blame. The message is one line."""


class ActivationsError(ValueError):
    """No proof can be built of these activations, nor verified against them. The message is one line."""
