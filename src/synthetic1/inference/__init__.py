"""Where completions come from: the ``Engine`` contract, and its client for servers that speak the OpenAI protocol."""
