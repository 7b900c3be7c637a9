"""Asking for completions and verifying them as they arrive."""
