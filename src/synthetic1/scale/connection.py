"""The connection of this process to a Ray cluster: made once, shared by all scorers, ended with the last of them."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import warnings
from contextlib import suppress
from typing import Any

from synthetic1.extras import not_installed
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.settings import RaySection

log = logging.getLogger(__name__)
REACHED_S = 10.0
_lock = threading.Lock()
_users = 0
_ours = False
_pid: int | None = None  # of the process that connected


def connect(settings: RaySection) -> None:
    """Connect to the cluster that ``settings`` name; ``disconnect`` once for each call. A connection that is there
    already is used as it is, and stays if it is not ours.

    Raises:
        ClusterError: Ray is not installed, there is no such cluster, or this process was forked from one that is
            connected.
    """
    global _users, _ours, _pid
    if _pid not in (None, os.getpid()) and (_users or _is_open()):  # before the lock, which may be held for ever here
        raise ClusterError(
            "engine=ray: this process was forked from one that is connected to a Ray cluster, and cannot use it; start "
            "processes with the method `spawn`, or make the scorer after the fork"
        )
    with _lock:
        if not _users:
            _ours = _open(settings)
        _users += 1
        _pid = os.getpid()


def disconnect() -> None:
    """Let go of the connection; the last one to do so ends it, and with ``ray.address=local`` the cluster."""
    global _users, _ours
    if _pid != os.getpid():  # it is the parent's, and its to end
        return
    with _lock:
        _users = max(0, _users - 1)
        if not _users and _ours:
            _ours = False
            import ray

            ray.shutdown()


def _open(settings: RaySection) -> bool:
    """Whether a connection was made."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # telemetry; read when Ray is imported
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # GPUs stay visible: we hand out none
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ClusterError(f"engine=ray: {not_installed(error.name or 'ray', 'ray')}") from None
    if ray.is_initialized():
        return False
    _look_for(settings.address)
    _keep_quiet()
    warnings.filterwarnings("ignore", "More than 10MB of messages", UserWarning)  # of ray://: pairs are what we send
    options: dict[str, Any] = {"include_dashboard": False} if settings.address == "local" else {}
    if settings.runtime_env:  # of the connection: only so does Ray bring a folder along
        options["runtime_env"] = settings.runtime_env
    handlers = _handlers()
    try:
        ray.init(
            address=settings.address,
            namespace="synthetic1",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **options,
        )
    except ModuleNotFoundError as error:  # grpcio, for ray://
        raise ClusterError(f"engine=ray: {not_installed(error.name or 'ray', 'ray')}") from None
    except (
        ConnectionError,
        ValueError,
        RuntimeError,
        TimeoutError,
        AssertionError,
        ray.exceptions.RayError,  # no token, or another one
    ) as error:
        if settings.runtime_env and isinstance(error, ValueError):
            raise ClusterError(f"ray.runtime_env: {' '.join(str(error).split())[:300]}") from None
        raise _not_there(settings.address, error) from None
    finally:
        for number, handler in handlers.items():  # Ray takes SIGTERM for itself, which programs of ours have a use for
            with suppress(ValueError):
                signal.signal(number, handler)
    return True


def _is_open() -> bool:
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())


def _look_for(address: str) -> None:
    """Refuse an address at which nobody listens: Ray itself would try for minutes.

    Raises:
        ClusterError: there is nobody.
    """
    given = os.environ.get("RAY_ADDRESS", "auto") if address == "auto" else address
    host, separator, port = given.removeprefix("ray://").partition("/")[0].rpartition(":")
    if not separator or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED_S).close()
    except OSError as error:
        raise _not_there(given, error) from None


def _not_there(address: str, error: Exception) -> ClusterError:
    said = str(error).strip() or type(error).__name__
    return ClusterError(
        f"ray.address={address}: there is no Ray cluster to be reached ({said.splitlines()[0][:200]}); "
        "start one with `ray start --head`, name another address, or choose ray.address=local; for a cluster that asks "
        "for a token set RAY_AUTH_MODE=token here, too"
    )


def _handlers() -> dict[int, Any]:
    """The handlers of signals that Ray may replace; none outside of the main thread, where it cannot."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    return {number: handler for number, handler in found.items() if handler is not None}


def _keep_quiet() -> None:
    """Keep what raylets say of processes that died off the terminal: we say what has to be said.

    Ray has no setting for it; ``log_to_driver=False`` leaves out only what processes print.
    """
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda data, *_, **__: log.debug("ray: %s", data)
