"""The languages programs may be written in: one file each."""
