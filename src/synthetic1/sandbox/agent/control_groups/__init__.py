"""Control groups: sets of processes that the kernel counts and bounds together."""
