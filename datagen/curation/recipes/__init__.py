"""The recipes of curation, one a file."""
