"""The scripted server in a process of its own, that can be killed and comes back at the same port.

``with scripted("--latency", "0.3") as server:``, or ``python tests/support/scripted_process.py --port 0 …``, which
prints its address on its first line. It answers the sums that the tests' tasks hold.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any


def sums(o: argparse.Namespace) -> Callable[[Any, int], Any]:
    """Says thought and answer, right with probability ``right``, and cut off with probability ``truncated``."""
    from scripted_server import Fault, draw

    def reply(messages: Any, sample: int) -> Any:
        request = {"messages": messages, "seed": sample}
        prompt, last = messages[0]["content"], messages[-1]
        if o.poison and o.poison in last["content"]:
            return Fault("400")
        thought = "<think>\n" + "é \u2028 padding " * o.padding + "\n</think>\n\n"
        shape = o.shape.replace("SAMPLE", str(sample))
        right = shape.replace("ANSWER", prompt.rpartition(" = ")[2])  # the tests' tasks say it themselves
        if last["role"] == "assistant":
            return {"content": (thought + right)[len(last["content"]) :]}
        text = thought + right
        if draw(request, "right") >= o.right:
            text = thought + shape.replace("ANSWER", f"wrong {draw(request, 'wrong'):.6f}")
        if draw(request, "cut") < o.truncated:
            return {"content": text[: len(text) // 3], "finish_reason": "length"}
        return text

    return reply


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="scripted")
    parser.add_argument("--right", type=float, default=0.5)
    parser.add_argument("--truncated", type=float, default=0.0)
    parser.add_argument("--latency", type=float, default=0.0, help="median seconds, lognormal")
    parser.add_argument("--sigma", type=float, default=0.6)
    parser.add_argument("--padding", type=int, default=1)
    parser.add_argument("--poison", default="", help="prompts that hold this are refused with status 400")
    parser.add_argument("--reasoning-field", default="", help="send the thought apart, in this field")
    parser.add_argument("--shape", default="\\boxed{ANSWER}", help="what the answer looks like; SAMPLE: its seed")
    parser.add_argument("--faults", nargs="*", default=[], metavar="FAULT", help="as scripted_server.FAULTS lists them")
    parser.add_argument("--share", type=float, default=0.0, help="of the requests that meet one of the faults")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    return parser.parse_args(argv)


async def serve(options: argparse.Namespace) -> None:
    from scripted_server import ScriptedServer

    names = ("model", "latency", "sigma", "reasoning_field", "port", "faults", "share", "seed")
    server = ScriptedServer(sums(options), **{name: getattr(options, name) for name in names})
    await server.start()
    print(server.url, flush=True)
    await asyncio.Event().wait()


class Process:
    """The server as a process of its own, for tests that kill it."""

    def __init__(self, *options: str) -> None:
        self.options = options
        from synthetic1.inference.launch import free_port

        self._held = free_port()  # nobody else is given it while the server is down
        self.port = self._held.getsockname()[1]
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Come up, at the same port as before."""
        command = [sys.executable, __file__, "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the scripted server has not come up"

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()  # type: ignore[union-attr]
            self.process = None

    def close(self) -> None:
        self.kill()
        self._held.close()

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = self._told("counts")
        return found

    def until(self, requests: int, client: subprocess.Popen[str], seconds: float = 120.0) -> None:
        """Wait until so many requests have come from a program that is running."""
        ends = time.monotonic() + seconds
        while self.counts()["requests"] < requests:
            assert client.poll() is None, "it ended before"
            assert time.monotonic() < ends, f"fewer than {requests} requests in {seconds:g} s"
            time.sleep(0.01)

    def spans(self) -> list[tuple[float, float]]:
        """When each request came and went since this was last asked, in seconds of ``time.monotonic``."""
        return [(came, went) for came, went in self._told("spans")]

    def _told(self, what: str) -> Any:
        from urllib.request import urlopen

        with urlopen(self.url.replace("/v1", f"/{what}"), timeout=120) as reply:
            return json.load(reply)


@contextlib.contextmanager
def scripted(*options: str) -> Iterator[Process]:
    process = Process(*options)
    try:
        yield process
    finally:
        process.close()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
