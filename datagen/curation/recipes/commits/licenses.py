"""Which licence a LICENSE file is, in the names that CommitPack and the hubs use."""

from __future__ import annotations

import re

LICENSE_FILES = re.compile(r"(?i)(?:LICEN[CS]E|COPYING|UNLICENSE|MIT-LICENSE)(?:[.-][\w.-]+)?")
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([\w.+-]+)")
_VERSION = re.compile(r"version (\d)")
_KNOWN = (
    ("apache-2.0", r"apache license,? version 2\.0"),
    ("agpl-{}.0", r"gnu affero general public license"),
    ("lgpl-{}", r"gnu (?:lesser|library) general public license"),
    ("gpl-{}.0", r"gnu general public license"),
    ("mpl-2.0", r"mozilla public license,? (?:version|v\.?) ?2\.0"),
    ("epl-2.0", r"eclipse public license -? ?v(?:ersion)? ?2\.0"),
    ("cc0-1.0", r"cc0 1\.0 universal"),
    ("unlicense", r"this is free and unencumbered software released into the public domain"),
    ("bsl-1.0", r"boost software license"),
    ("wtfpl", r"do what the fuck you want to public license"),
    ("zlib", r"misrepresented as being the original software"),
    ("isc", r"permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("mit", r"permission is hereby granted, free of charge, to any person obtaining a copy"),
)
_BSD = re.compile(r"redistribution and use in source and binary forms")
_ENDORSE = re.compile(r"endorse or promote products")


def license_of(text: str) -> str | None:
    """The licence that a text is, e.g. ``mit`` or ``bsd-3-clause``; None where it is none of the usual ones."""
    if (said := _SPDX.search(text)) is not None:
        return said[1].lower()
    head = " ".join(text[:20_000].lower().split())
    for name, pattern in _KNOWN:
        found = re.search(pattern, head)
        if found is not None:
            version = _VERSION.search(head, found.start())
            if name == "lgpl-{}":
                return "lgpl-2.1" if version is not None and version[1] == "2" else "lgpl-3.0"
            return name.format(version[1] if version is not None else "3")
    if _BSD.search(head):
        return "bsd-3-clause" if _ENDORSE.search(head) else "bsd-2-clause"
    return None
