"""What is wrong with golds of sets that people have, and what can be done about it."""
