"""Tasks of lm-evaluation-harness, one a family: what `--include_path` is given."""
