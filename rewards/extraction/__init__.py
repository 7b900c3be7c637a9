"""Where an answer stands in a text: JSON objects, fenced blocks, and which of these is the program asked for."""
