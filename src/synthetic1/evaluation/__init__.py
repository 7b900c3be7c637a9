"""How good a model is, and how far a judge can be trusted."""
