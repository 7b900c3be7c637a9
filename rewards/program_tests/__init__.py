"""Verifying a program by its tests: what a task declares, how outputs are compared, how a verdict is reached."""
