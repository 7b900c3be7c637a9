"""Docker: each agent is the first process of a warm, hardened container, spoken to over one attached stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthetic1.sandbox.backend import Backend, Connection
from synthetic1.sandbox.docker.container import DockerConnection, sweep
from synthetic1.sandbox.docker.engine import DockerEngine, engine_address
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.sandbox.image.build import image_tag

if TYPE_CHECKING:
    from docker import APIClient


class DockerBackend(Backend):
    """Containers of the Docker engine that ``DOCKER_HOST`` names, by default the one of this machine.

    Args:
        image: None = the image that ``synthetic1 sandbox build`` makes of this version.
        runtime: of the engine, such as ``runsc``; None = its default.
        engine: its address, in place of ``DOCKER_HOST``.
    """

    name = "docker"

    def __init__(self, *, image: str | None = None, runtime: str | None = None, engine: str | None = None) -> None:
        self._image = image or image_tag()
        self._runtime = runtime
        self._engine = DockerEngine(engine_address(engine))

    async def open(self) -> str:
        api = await self._engine.connect()
        image = await self._engine.call(self._find_image, api)
        self.toolchain = image["Id"]
        if self._runtime is not None:
            runtimes = (await self._engine.call(api.info)).get("Runtimes", {})
            if self._runtime not in runtimes:
                raise SandboxUnavailable(
                    f"docker: the engine has no runtime `{self._runtime}`; it has: {', '.join(sorted(runtimes))}"
                )
        await self._engine.call(sweep, api)
        version = (await self._engine.call(api.version))["Version"]
        runtime = f", runtime {self._runtime}" if self._runtime else ""
        return f"Docker engine {version}, image {self._image}{runtime}"

    async def connect(self) -> Connection:
        return await DockerConnection.start(self._engine, self._image, self._runtime)

    async def close(self) -> None:
        self._engine.close()

    def abandon(self) -> None:
        self._engine.abandon()

    def _find_image(self, api: APIClient) -> Mapping[str, Any]:
        from docker.errors import ImageNotFound

        try:
            found: Mapping[str, Any] = api.inspect_image(self._image)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            raise SandboxUnavailable(
                f"docker: there is no image {self._image}; make it once: synthetic1 sandbox build"
            ) from None
        return found
