"""What `synthetic1 init` writes: a family of one's own, outside this repository."""
