"""Sandboxes on this machine without an engine: bubblewrap, and plain processes for what is trusted."""
