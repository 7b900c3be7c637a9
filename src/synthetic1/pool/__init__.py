"""Compute that others contribute, and how what they hand in is verified."""
