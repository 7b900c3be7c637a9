"""The page of a pool: one, without a build step, live."""
