"""The way to a server: the addresses of its endpoints, the key that opens it, and the proxy in between."""

from __future__ import annotations

import os
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import Server


@lru_cache(maxsize=256)
def endpoint(base: str, path: str) -> str:
    """``base/path``; a query of the base URL, as Azure wants it (``?api-version=…``), stays at the end."""
    address, mark, query = base.partition("?")
    return f"{address}/{path}{mark}{query}"


def key_headers(server: Server) -> dict[str, str]:
    """The header with the key, if there is one: as OpenAI wants it, or as Azure does.

    Raises:
        ServerError: the key holds what no header can hold.
    """
    key = os.environ.get(server.api_key_env, "").strip()  # read from a file, it ends with a line's end
    if not key:
        return {}
    if not (key.isascii() and key.isprintable()):
        raise ServerError(
            "bad_request", f"the key in {server.api_key_env} holds a line break or another character that no key has"
        )
    if any(_is_azure(url) for url in server.urls):
        return {"api-key": key}
    return {"Authorization": f"Bearer {key}"}


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for ``url`` (``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``); never for this
    machine itself, whose servers no proxy can reach.

    Raises:
        ServerError: a proxy of a kind that cannot be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_this_machine(host) or proxy_bypass(host if parts.port is None else f"{host}:{parts.port}"):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return None
    kind, found, _ = proxy.partition("://")
    if found and kind.lower() not in ("http", "https"):
        raise ServerError(
            "unreachable", f"the environment names a {kind} proxy for {host}; only HTTP proxies can be used"
        )
    return proxy if found else f"http://{proxy}"


def _is_azure(url: str) -> bool:
    parts = urlsplit(url)
    return "/deployments/" in parts.path or (parts.hostname or "").endswith(".azure.com")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
