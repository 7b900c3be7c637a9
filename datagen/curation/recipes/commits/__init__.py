"""Commits as raw material: reading a local history, and the rules about messages, files, licences and leaks."""
