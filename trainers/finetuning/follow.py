"""The page of a run that transformers' trainer drives."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from synthetic1.reports.live_page import LivePage


class FollowRun(TrainerCallback):
    """Writes the page again now and then; to be added after what logs the step."""

    def __init__(self, page: LivePage) -> None:
        self.page = page

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.page.refresh()
