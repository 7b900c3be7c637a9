"""From journals to data sets: what is kept, how it is written, and what is said of it."""
