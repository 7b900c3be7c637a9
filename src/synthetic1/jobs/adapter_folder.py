"""A folder that holds low-rank adapters as peft saves them, and no model: the one that they are for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

FILE = "adapter_config.json"


class AdapterBase(NamedTuple):
    """The model that adapters are added to."""

    name: str
    revision: str | None


def adapter_base(folder: str | Path) -> AdapterBase | None:
    """What the adapters in a folder are for; ``None`` for a folder of a whole model, and for all else."""
    place = Path(folder).expanduser()
    if (place / "config.json").exists():
        return None
    try:
        config = json.loads((place / FILE).read_text(encoding="utf-8"))
        name, revision = config["base_model_name_or_path"], config.get("revision")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return AdapterBase(name, revision) if isinstance(name, str) and name else None
