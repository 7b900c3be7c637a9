"""The Dockerfile of the sandbox image."""
