"""TOPLOC: a worker's proof that it ran the model it claims, 258 bytes for every 32 tokens (Prime Intellect, 2025)."""
