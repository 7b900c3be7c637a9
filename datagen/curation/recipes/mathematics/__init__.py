"""What curating mathematical problems takes: columns, statements, choices, rewrites, golds."""
