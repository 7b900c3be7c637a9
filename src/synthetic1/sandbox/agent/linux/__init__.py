"""What the kernel shows and does, where the standard library does not reach."""
