"""Running the server: uvicorn with our limits, until a signal says stop; then what was accepted is finished."""

from __future__ import annotations

import sys

import uvicorn

from synthetic1.serving.application import make_application
from synthetic1.serving.http_protocol import protocol_class
from synthetic1.serving.service import RewardService
from synthetic1.serving.settings import ServingSettings

KEEP_ALIVE_S = 75  # an idle connection; longer than clients and proxies keep theirs, so that these close them
SWITCH_S = 0.001
"""How soon the thread that answers gets the interpreter from the one that scores; Python's own 5 ms would be added to
every step of a response."""


def serve(settings: ServingSettings) -> None:
    """Serve until SIGTERM or Ctrl-C. Blocks.

    Raises:
        ServingError: tasks, families or verifiers that cannot be had.
        SystemExit: the address is taken.
    """
    service = RewardService(settings)
    sys.setswitchinterval(SWITCH_S)
    uvicorn.run(
        make_application(service),
        host=settings.host,
        port=settings.port,
        http=protocol_class(settings.read_timeout_s),
        ws="none",
        access_log=False,
        log_level="info",
        server_header=False,
        proxy_headers=False,
        backlog=settings.connections,
        limit_concurrency=settings.connections,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.grace_s)),
    )
