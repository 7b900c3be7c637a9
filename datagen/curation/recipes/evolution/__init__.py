"""How string functions are grown: operators, inputs, what is a fit function, and its ground truth."""
