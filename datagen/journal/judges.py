"""What is known of the judges whose verdicts a journal holds."""

from __future__ import annotations

import json

from synthetic1.datagen.journal.writer import Journal
from synthetic1.rewards.judging.trust import Trust

CALIBRATION = "judge_calibration"


def record(journal: Journal, judges: tuple[Trust, ...]) -> None:
    """Keep what is known of the judges beside their verdicts; manifests and cards quote it."""
    if not judges:
        return
    known = json.loads(journal.meta(CALIBRATION) or "{}")
    for trust in judges:
        known[f"{trust.task_type} {trust.model or 'without a judge'}"] = {**trust.summary(), "rates": str(trust)}
    journal.set_meta(CALIBRATION, json.dumps(known, sort_keys=True))
