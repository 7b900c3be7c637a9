"""Rows of problems with one answer: mathematics, science, puzzles."""
