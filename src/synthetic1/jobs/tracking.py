"""Where a run is shown besides its folder: the setting ``report_to``, and the trackers around a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator

from synthetic1 import extras
from synthetic1.reports.page.html import write_report
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.sinks.sink import Ending, TrackerRun
from synthetic1.reports.sinks.trackers import Trackers, check_installed, prepare_environment

EXTRA = "track"


def _listed(value: Any) -> Any:
    """``report_to=wandb`` as ``[wandb]``; ``none``, as transformers says it, and ``null`` as ``[]``."""
    names = [value] if isinstance(value, str) else value
    if not names or names == ["none"]:
        return []
    return [name for place, name in enumerate(names) if name not in names[:place]] if isinstance(names, list) else names


def _installed(names: list[str]) -> list[str]:
    try:
        check_installed(names)
    except ModuleNotFoundError as error:
        raise ValueError(extras.not_installed(error.name or "", EXTRA)) from None
    prepare_environment(names)  # transformers may import their packages soon
    return names


ReportTo = Annotated[
    list[Literal["wandb", "trackio", "tensorboard", "mlflow"]], BeforeValidator(_listed), AfterValidator(_installed)
]
"""Trackers by name. One whose package is missing is refused with the sentence that says what to install."""


@dataclass
class TrackedSession:
    """How trackers shall record the end of a session that raises nothing."""

    ending: Ending = "finished"


@contextmanager
def tracked(run: RunFolder | None, settings: BaseModel, program: str) -> Iterator[TrackedSession]:
    """Within the block, trackers follow the run folder; after it they have its result and its report.

    Args:
        run: ``None`` on ranks other than 0, which report nothing.
        settings: those of a program, with ``report_to``.
        program: as in ``TrackerRun``.
    """
    session = TrackedSession()
    chosen: list[str] = getattr(settings, "report_to", [])
    if run is None or not chosen:
        yield session
        return
    run.follow(Trackers.open(chosen, TrackerRun(program, run.path, settings.model_dump(mode="json"))))
    try:
        yield session
    except (KeyboardInterrupt, SystemExit):
        session.ending = "stopped"
        raise
    except BaseException:
        session.ending = "failed"
        raise
    else:
        if session.ending == "finished" and not _has_report(run.path):
            write_report(run.path)
    finally:
        run.unfollow(session.ending)


def _has_report(path: Path) -> bool:
    """Whether the program has written the page of this result itself."""
    page, result = path / "report.html", path / "result.json"
    return page.exists() and result.exists() and page.stat().st_mtime_ns >= result.stat().st_mtime_ns
