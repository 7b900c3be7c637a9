"""Rewriters and mutators of mathematical answers."""
