"""Ways to answer that have rules of their own: labelled parts, pieces of a function, multiples of a vector, bounds."""
