"""Where datatrove's blocks run: in processes here, as jobs of Slurm, on the nodes of a Ray cluster.

All keep books of their own, a file for each part that is done (``completions/``), so what was interrupted goes on with
the parts that are left, in the one way or another.
"""
