"""The Docker backend: containers, and a guardian that removes them when their owner dies."""
