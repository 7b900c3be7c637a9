"""A pool on this machine: three workers, one of which runs another model, and what becomes of it.

    make pool                    # or: python deploy/pool/demo.py [--tasks N] [--work FOLDER]

The orchestrator lends tasks of the embedded family, checks TOPLOC proofs by recomputing, and shows its page; the
workers have two vLLM servers on the CPU, an honest one and one whose weights were changed. In the end: a table of the
nodes, and an export of what was verified, which a few steps of SFT are trained on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from synthetic1.jobs import models
from synthetic1.jobs.launching import launched
from synthetic1.jobs.model_settings import ModelSettings

CHANGED = 0.15
"""By so much, relatively, the liar's weights differ."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=240, help="tasks that are lent")
    parser.add_argument("--work", type=Path, help="where everything stays; a temporary folder if not given")
    return parser.parse_args()


def changed_model(folder: Path) -> Path:
    """The embedded model with other weights: a stand-in for a cheaper one."""
    import torch

    settings = ModelSettings(name="embedded")
    model = models.load_model(settings)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1 + CHANGED * torch.randn_like(weight))
    model.save_pretrained(folder)
    models.load_tokenizer(settings).save_pretrained(folder)
    return folder


def program(*arguments: str, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen([sys.executable, "-m", "synthetic1.cli", *arguments], stdout=file, stderr=file)


def address_in(log: Path, process: subprocess.Popen[bytes], seconds: float = 120.0) -> str:
    """What the orchestrator has workers join."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"--join (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.2)
    raise SystemExit(f"the orchestrator has not come up: {log.read_text()[-2000:]}")


def state_of(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/v1/state", timeout=30) as response:
        found: dict[str, Any] = json.load(response)
    return found


def table(state: dict[str, Any]) -> str:
    head = ("node", "runs", "status", "accepted", "verified", "rejected", "work units")
    runs = {"liar": "changed weights"}
    rows = [
        (
            n["name"],
            runs.get(n["name"], "the model"),
            n["status"],
            n["judged"],
            n["verified"],
            n["rejected"],
            n["units"],
        )
        for n in sorted(state["nodes"], key=lambda node: node["name"])
    ]
    widths = [max(len(str(row[i])) for row in (head, *rows)) for i in range(len(head))]
    return "\n".join(
        "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)
    )


async def run(options: argparse.Namespace, folder: Path) -> None:
    processes: list[subprocess.Popen[bytes]] = []
    async with AsyncExitStack() as stack:
        try:
            lying = changed_model(folder / "changed")
            log = folder / "orchestrator.log"
            pool = program(
                *("pool", "serve", "env=code_understanding", "env.level=1-3", f"env.size={options.tasks}"),
                *(f"limit={options.tasks}", "model=embedded", "sampling.temperature=1", "sampling.top_p=1"),
                *("sampling.max_tokens=160", "audit.proof=toploc", "audit.dtype=float32", "audit.group_s=3"),
                *("once=true", "port=0", "run_name=pool", f"runs={folder}", "public=false", "lease.tasks=4"),
                log=log,
            )
            processes.append(pool)
            url = address_in(log, pool)
            print(f"the pool's page: {url}", flush=True)
            servers = {}
            for name, model in (("honest", "embedded"), ("changed", str(lying))):
                print(f"starting vLLM ({name}) …", flush=True)
                servers[name] = await stack.enter_async_context(launched(ModelSettings(name=model), []))
            workers = {"ada": ("honest", None), "boole": ("honest", None), "liar": ("changed", str(lying))}
            for name, (server, model) in workers.items():
                more = [] if model is None else ["--model", model]
                processes.append(
                    program(
                        *("worker", "--join", url, "--server", servers[server].urls[0], "--concurrency", "4"),
                        *("--key", str(folder / f"{name}.key"), "--name", name, "--region", "europe", *more),
                        log=folder / f"{name}.log",
                    )
                )
            state: dict[str, Any] = {}
            while pool.poll() is None:
                try:
                    state = await asyncio.to_thread(state_of, url)
                except OSError:
                    break
                print(
                    f"\r{state['judged']} of {state['wanted']} judged, {state['verified']} verified ",
                    end="",
                    flush=True,
                )
                await asyncio.sleep(1)
            await asyncio.to_thread(pool.wait)
            print(f"\n\n{table(state)}\n", flush=True)
            if pool.returncode:
                raise SystemExit(log.read_text()[-2000:])
        finally:
            for process in processes:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
    for line in (folder / "liar.log").read_text().splitlines()[-1:]:
        print(f"the liar's last line: {line}")


def learn(folder: Path) -> None:
    """Export what was verified, and train on it for a few steps."""
    export = folder / "export"
    for command in (
        ["export", f"run={folder}/generate/pool", f"to={export}", "format=sft"],
        ["sft", f"data={export}", "model=embedded", "trainer.max_steps=5", f"runs={folder}"],
    ):
        done = subprocess.run([sys.executable, "-m", "synthetic1.cli", *command], capture_output=True, text=True)
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        print(f"synthetic1 {command[0]}: {said[-1] if said else ''}", flush=True)
        if done.returncode:
            raise SystemExit("\n".join(said[-20:]))


def main() -> None:
    options, began = parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.work or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(run(options, folder))
        learn(folder)
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
