"""Verifiers: one a file, a registry to find them, and the scorer that runs them."""
