"""What language models are asked: a file a prompt, ``NAME.md``, which a person can read and replace."""
