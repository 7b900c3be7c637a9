"""Which tasks a rollout learns from: in order, by difficulty, or refilled until every group teaches something."""
