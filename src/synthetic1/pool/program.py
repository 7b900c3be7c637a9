"""`synthetic1 pool serve|key|ledger`: lead a pool of contributed machines."""

from __future__ import annotations

import sys
from pathlib import Path

from synthetic1.pool.errors import PoolError

USAGE = """usage: synthetic1 pool serve env=… model=…     lead a pool; `synthetic1 pool serve --help` lists the settings
       synthetic1 pool key [FILE]              show the public key in a file, made where there is none
       synthetic1 pool ledger FILE KEY         check a ledger: nothing of it was changed, left out or put in
"""
DEFAULT_KEY = "~/.config/synthetic1/node.key"


def main() -> None:
    """Reads ``sys.argv``."""
    arguments = sys.argv[1:]
    command = arguments[0] if arguments else ""
    if command == "serve":
        sys.argv = [f"{sys.argv[0]} serve", *arguments[1:]]
        _serve()
        return
    try:
        if command == "key" and len(arguments) <= 2:
            _key(arguments[1] if len(arguments) == 2 else DEFAULT_KEY)
            return
        if command == "ledger" and len(arguments) == 3:
            _ledger(Path(arguments[1]), arguments[2])
            return
    except PoolError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    asked = command in ("--help", "-h")
    print(USAGE, end="", file=sys.stdout if asked else sys.stderr)
    raise SystemExit(0 if asked else 2)


def _serve() -> None:
    from synthetic1.jobs.program import run_program
    from synthetic1.pool.orchestrator.settings import OPEN_GROUPS, PoolSettings

    def serve(settings: PoolSettings) -> None:
        import asyncio

        from synthetic1.pool.orchestrator.start import serve as lead

        if status := asyncio.run(lead(settings)):
            raise SystemExit(status)

    run_program("pool", PoolSettings, serve, open_groups=OPEN_GROUPS, extra="pool")


def _key(file: str) -> None:
    from synthetic1.pool.node_key import NodeKey

    print(NodeKey.open(Path(file).expanduser()).node_id)


def _ledger(path: Path, key: str) -> None:
    from synthetic1.pool.ledger import verify_ledger

    count, head = verify_ledger(path, key)
    print(f"{count:,} entries hold; the digest of the last one is {head}")


if __name__ == "__main__":
    main()
