"""OpenRLHF's reward file: `--reward.remote_url docs/adapters/examples/openrlhf_reward.py`."""

from __future__ import annotations

from synthetic1.adapters.openrlhf import make_reward_func

reward_func = make_reward_func(unscorable=0.0)
