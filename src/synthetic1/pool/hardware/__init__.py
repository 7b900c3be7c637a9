"""The hardware challenge: a matrix product that fills the memory a node claims, within the time its device would take.

1. The verifier draws a nonce. With it and the claim (node, device, memory) both sides make matrices A and B.
2. The prover computes C = AB, commits to it by the Merkle root over its rows, and walks: each step hashes a row that
   the step before has chosen. A walk needs all rows at hand, or each of them computed anew. Its states are committed
   to, too.
3. Only then the verifier draws a vector; the prover sends its product with C, which Freivalds' check compares with
   A(Br) in n² steps.
4. The verifier names rows and steps of the walk; the prover opens exactly these, and they are computed again.

A step that comes out of order, late, or a second time ends the challenge. What it proves: somebody who can sign as the
node had, at that time, about so much memory and so fast a machine. Not that it was a GPU's memory: a walk may hash
rows that lie in the machine's.
"""
