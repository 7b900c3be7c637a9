"""The manifest of an export: what is in it, what made it, and how to check that it is whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthetic1.datagen.exporting.anonymous import anonymous
from synthetic1.datagen.exporting.census import Census
from synthetic1.datagen.exporting.filters import Filters
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.datagen.exporting.shards import Shard, as_rows, checksum
from synthetic1.jobs.program import ProgramError
from synthetic1.jobs.provenance import versions

VERSION = 1
UNTOLD = {"to", "runs", "run", "overwrite", "push_to_hub", "hub_private"}
"""Settings that say where an export is, not what is in it."""
PACKAGES = ("synthetic1", "math-verify", "pyarrow")


def of_export(
    settings: ExportSettings, filters: Filters, census: Census, files: list[Shard], runs: list[dict[str, Any]]
) -> dict[str, Any]:
    """The manifest. Nothing in it tells the time or the machine: an export can be repeated byte for byte.

    Args:
        filters: those that were applied.
        runs: what each run says of itself: name, configuration, judge calibration.
    """
    chosen = settings.model_dump(mode="json", exclude=UNTOLD)
    chosen["decontaminate"]["files"] = [Path(name).name for name in settings.decontaminate.files]
    return {
        "manifest_version": VERSION,
        "format": settings.format,
        "file": settings.file,
        "files": as_rows(files),
        "counts": census.to_dict(),
        "thresholds": {"default": filters.default_threshold, **filters.thresholds},
        "settings": chosen,
        "runs": anonymous(runs),
        "judge_calibration": anonymous({k: v for r in runs for k, v in (r.get("judge_calibration") or {}).items()}),
        "versions": versions(PACKAGES),
    }


def write(folder: Path, manifest: Mapping[str, Any]) -> None:
    text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def check(folder: Path) -> dict[str, Any]:
    """The manifest of a local export whose files are all there and unchanged.

    Raises:
        ProgramError: names the first file that is missing or differs.
    """
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProgramError(f"{path} cannot be read: {error}") from None
    for file in manifest["files"]:
        shard = folder / file["name"]
        if not shard.is_file():
            raise ProgramError(f"{shard} is missing, though the manifest names it")
        if checksum(shard) != file["sha256"]:
            raise ProgramError(f"{shard} differs from what was exported: its sha256 is not the manifest's")
    return manifest
