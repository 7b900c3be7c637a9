"""Content keys: canonical JSON hashed with blake2b. The only place that decides what "the same content" means."""

from __future__ import annotations

import hashlib
import json
from typing import Any

KEY_BYTES = 16  # 128 bits: no collision to expect below 2**60 records
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces: equal values give equal bytes.

    Lone surrogates survive (as ``\\ud800`` escapes), so any Python string has a key.

    Raises:
        TypeError: a value that JSON cannot hold.
        ValueError: NaN or an infinity.
    """
    return _ENCODER.encode(value).encode("ascii")


def content_key(value: Any) -> str:
    """32 hexadecimal digits that name the content of ``value`` (blake2b-128 of its canonical JSON)."""
    return hashlib.blake2b(canonical_json(value), digest_size=KEY_BYTES).hexdigest()
