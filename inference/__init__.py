"""Where completions come from: the ``Engine`` contract. Clients for servers follow with the judged families."""
