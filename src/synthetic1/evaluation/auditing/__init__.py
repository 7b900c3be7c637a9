"""Audits: cases made of real golds whose verdicts are known, and how many of them a verifier gets wrong."""
