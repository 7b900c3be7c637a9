"""Hydra group: one file a choice."""
