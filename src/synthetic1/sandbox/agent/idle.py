"""Process trees that wait for what never comes: a compiler whose source includes a terminal, or its own output."""

from __future__ import annotations

from collections.abc import Callable

_LOOK_S = 0.5
_LOOKS = 8  # in a row, each at least that long after the one before: 4 s, and no more after a pause of our own
_PROGRESS_S = 0.005  # CPU seconds between two looks that are more than a control group's noise


class IdleWatch:
    """Looks at a tree at times. It is idle if between looks it used no CPU time, and at each of them every thread of it
    was asleep: none was running, none waited for a processor or for a disk. So a busy machine makes nothing idle.

    Args:
        cpu_s: the CPU seconds that the tree has used so far.
        is_asleep: whether all threads of it are asleep.
    """

    def __init__(self, cpu_s: Callable[[], float], is_asleep: Callable[[], bool]) -> None:
        self._cpu_s, self._is_asleep = cpu_s, is_asleep
        self._used = 0.0
        self._idle = 0

    def look(self, now: float) -> tuple[bool, float]:
        """Whether the tree has been idle for long, and when to look again."""
        used = self._cpu_s()
        still = used - self._used < _PROGRESS_S and self._is_asleep()
        self._used = used
        self._idle = self._idle + 1 if still else 0
        return self._idle >= _LOOKS, now + _LOOK_S
