"""Mathematical answers: where they stand, what they say, and when two say the same."""
