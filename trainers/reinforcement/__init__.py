"""GRPO: settings, the order of prompts, rewards, and what is recorded of a run."""
