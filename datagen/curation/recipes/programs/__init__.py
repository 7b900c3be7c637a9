"""The parts of the recipe of programming problems."""
