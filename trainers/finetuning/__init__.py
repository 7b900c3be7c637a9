"""Supervised fine-tuning: settings, samples as tokens, and what is recorded of a run."""
