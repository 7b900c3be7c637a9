"""Making data with models: rollouts verified as they arrive, a journal that loses none, exports of what passed."""
