"""Hydra group: one file for a model and a recipe together."""
