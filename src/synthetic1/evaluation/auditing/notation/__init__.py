"""The audit's own reading of mathematics, which shares nothing with the verifier's."""
