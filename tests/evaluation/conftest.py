"""Training runs, models and tokenizers."""

from __future__ import annotations

from training_runs import *  # noqa: F403
from training_runs import _no_vllm_here, _one_thread  # noqa: F401
