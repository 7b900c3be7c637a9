"""Scoring batches: concurrency, deadlines, metrics, and the event loop on which verifiers live."""
