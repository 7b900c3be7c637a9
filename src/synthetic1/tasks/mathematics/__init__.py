"""Generated mathematics: problems of many kinds, drawn at random, with answers that sympy computes."""
