"""What every program shares: the command line's edge, settings, models, the identity of a run."""
