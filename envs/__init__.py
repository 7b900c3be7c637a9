"""Gymnasium environments: one family a file, over a task source and a scorer."""
