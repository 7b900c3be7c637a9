"""Curation: from raw rows to tasks whose golds hold. ``datagen/curate.py`` is the program."""
