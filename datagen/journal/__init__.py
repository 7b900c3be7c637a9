"""The journal: what a run has generated and verified, in one SQLite file."""
