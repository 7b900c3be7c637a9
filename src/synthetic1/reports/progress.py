"""How far a long command is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LINE_EVERY_S = 10.0


@contextmanager
def progress(total: int | None, what: str, *, already: int = 0, apart: bool = False) -> Iterator[Callable[[], None]]:
    """Gives the function to call for each of ``total`` things done, if it is known how many there are.

    Args:
        what: what they are, in the plural.
        already: so many take no time, and come first.
        apart: the bar goes to stderr, where that is a terminal, and nothing is said elsewhere: for commands whose
            output is read by others.
    """
    stream = sys.stderr if apart else sys.stdout
    if stream.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=stream), transient=True) as bar:
            line = bar.add_task(what, total=total)
            yield lambda: bar.advance(line)
        return
    if apart:
        yield lambda: None
        return
    done, began = 0, time.monotonic()
    said = began

    def advance() -> None:
        nonlocal done, said
        done += 1
        if (now := time.monotonic()) - said >= LINE_EVERY_S:
            if total is None or not already < done <= total:  # what is counted may have grown meanwhile
                print(f"{done:,} {what}", flush=True)
            else:
                left_s = (now - began) / (done - already) * (total - done)
                print(f"{done:,} of {total:,} {what}, {left_s / 60:.1f} minutes to go", flush=True)
            said = now

    yield advance
