"""One published row format a file: how it is recognised, and how its rows become tasks."""
