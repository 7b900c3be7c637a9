"""Stands in for vLLM where this folder comes first on the path."""
