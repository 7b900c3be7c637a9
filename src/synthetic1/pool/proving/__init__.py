"""Was it this model, sampled this way? Proofs of activations, and what tokens say of how they were chosen."""
