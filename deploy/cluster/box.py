"""A cluster in a box: a head and three nodes on this machine, each in namespaces of its own, to try and to break.

    python deploy/cluster/box.py            # start it; verification, generation, a GRPO step; break it meanwhile
    python deploy/cluster/box.py up         # start it, and leave it there
    python deploy/cluster/box.py run synthetic1 audit math --engine ray      # any command, on the head
    python deploy/cluster/box.py kill 3     # a node loses its power: all its processes end at once
    python deploy/cluster/box.py cut 2      # its cable is pulled
    python deploy/cluster/box.py heal 2     # and put back
    python deploy/cluster/box.py start 3    # it joins again
    python deploy/cluster/box.py down

Each node has network, process and mount namespaces, and hangs on a bridge that reaches nothing else. PostgreSQL runs
on the head, for a journal (``journal=$JOURNAL``). Wants root, iproute2, bubblewrap, PostgreSQL (Debian: ``apt-get
install iproute2 bubblewrap postgresql``) and the extras ``ray`` and ``postgres``.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BOX = Path("/tmp/s1-box")  # short: Ray's sockets want short paths
STATE = BOX / "processes.json"
NET = "10.183.77"
HEAD = f"{NET}.1"
GCS = f"{HEAD}:6379"
JOURNAL = f"postgresql://synthetic1@{HEAD}:5432/postgres"
NODES = (1, 2, 3)
UP_S = 120.0
STORE = 80_000_000  # bytes of each object store
QUICK = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000, "health_check_failure_threshold": 5}
"""A node that says nothing counts as dead after 5 s, not Ray's 15."""


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit status."""
    if os.geteuid() != 0:
        return said("box.py: namespaces want root")
    action, *rest = arguments or ["try"]
    match action, rest:
        case "up", []:
            up()
            print(f"head {HEAD}, nodes {', '.join(map(address, NODES))}; box.py run COMMAND, box.py down")
        case "down", []:
            down()
        case "run", [_, *_]:
            return run(rest).wait()
        case (("kill" | "cut" | "heal" | "start"), [number]) if number.isdigit() and int(number) in NODES:
            {"kill": kill, "cut": cut, "heal": heal, "start": start}[action](int(number))
        case "try", []:
            return tried()
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def said(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


# The box ------------------------------------------------------------------------------------------------------------


def up() -> None:
    """Start head, journal and nodes, and wait until all have joined."""
    down()
    for name in ("ip", "unshare", "bwrap"):
        if shutil.which(name) is None:
            raise SystemExit(f"box.py: there is no {name}: apt-get install iproute2 util-linux bubblewrap")
    BOX.mkdir(mode=0o711)  # the database's user goes through it
    token = os.open(BOX / "token", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(token, secrets.token_hex(16).encode())
    os.close(token)
    # The bridge has a namespace, too: in the machine's own, Docker's firewall drops what goes over bridges.
    shell("ip netns add s1-net && ip -n s1-net link add s1-br type bridge && ip -n s1-net link set s1-br up")
    add_namespace("head", HEAD)
    start_journal()
    head = ["--head", f"--node-ip-address={HEAD}", "--port=6379", "--num-cpus=0", "--include-dashboard=false"]
    start_ray("head", [*head, f"--system-config={json.dumps(QUICK)}"])
    wait_for("the head", lambda: asked("1") == "1")
    for number in NODES:
        add_namespace(f"n{number}", address(number))
        start(number)
    wait_for("the nodes", lambda: asked(JOINED) == str(len(NODES)))


def down() -> None:
    """End all of it; nothing if there is nothing."""
    for process in processes().values():
        end(process)
    for name in ("head", "net", *(f"n{number}" for number in NODES)):
        quietly(f"ip netns delete s1-{name}")
    shutil.rmtree(BOX, ignore_errors=True)


def start(number: int) -> None:
    """Have a node join."""
    resources = ["--num-cpus=1", '--resources={"sandbox": 1}']
    start_ray(f"n{number}", [f"--address={GCS}", f"--node-ip-address={address(number)}", *resources])


def kill(number: int) -> None:
    """All processes of a node end at once: the first one of its process namespace takes the others along."""
    end(processes()[f"n{number}"])


def cut(number: int) -> None:
    """Its packets go nowhere."""
    shell(f"ip -n s1-net link set s1-n{number} down")


def heal(number: int) -> None:
    shell(f"ip -n s1-net link set s1-n{number} up")


def run(command: Sequence[str], **options: object) -> subprocess.Popen[str]:
    """Start a command on the head, where Ray and the journal are found."""
    # Its process namespace is the head's, so that Ray finds its own processes there.
    inside = ["nsenter", "--target", str(first_inside(processes()["head"])), "--net", "--pid", "--mount"]
    inside += [f"--wdns={os.getcwd()}", "--"]
    return subprocess.Popen([*inside, *command], env=environment(), text=True, **options)  # type: ignore[call-overload, no-any-return]


# How ----------------------------------------------------------------------------------------------------------------

JOINED = "sum(node['Alive'] and node['Resources'].get('sandbox', 0) > 0 for node in ray.nodes())"


def address(number: int) -> str:
    return f"{NET}.{10 + number}"


def environment() -> dict[str, str]:
    """Of all processes in the box: the cluster asks for its token, and no proxy is asked for a node."""
    return os.environ | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "RAY_ADDRESS": GCS,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": (BOX / "token").read_text(),
        "RAY_USAGE_STATS_ENABLED": "0",
        "JOURNAL": JOURNAL,
        "NO_PROXY": f"{HEAD},{','.join(map(address, NODES))},127.0.0.1,localhost",
        "no_proxy": f"{HEAD},{','.join(map(address, NODES))},127.0.0.1,localhost",
    }


def add_namespace(name: str, ip: str) -> None:
    shell(
        f"ip netns add s1-{name} && ip -n s1-net link add s1-{name} type veth peer name eth0 netns s1-{name}"
        f" && ip -n s1-net link set s1-{name} master s1-br up && ip -n s1-{name} address add {ip}/24 dev eth0"
        f" && ip -n s1-{name} link set lo up && ip -n s1-{name} link set eth0 up"
    )


def start_ray(name: str, arguments: Sequence[str]) -> None:
    command = [str(BIN / "ray"), "start", "--block", f"--temp-dir={BOX}/{name}", f"--object-store-memory={STORE}"]
    process = subprocess.Popen(
        [*f"ip netns exec s1-{name} unshare --pid --fork --kill-child --mount-proc".split(), *command, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=(BOX / f"{name}.log").open("w"),
        stderr=subprocess.STDOUT,
        env=environment(),
        start_new_session=True,
    )
    remember(name, process.pid)


def start_journal() -> None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not found:
        raise SystemExit("box.py: there is no PostgreSQL: apt-get install postgresql")
    programs, data = found[-1].parent, BOX / "journal"
    user = pwd.getpwnam("postgres")
    data.mkdir()
    os.chown(data, user.pw_uid, user.pw_gid)
    as_user = f"runuser -u postgres -- {programs}"
    shell(f"cd {data} && {as_user}/initdb -D {data}/db -U synthetic1 -A trust -E UTF8 --locale=C")
    with (data / "db/pg_hba.conf").open("a") as allowed:
        allowed.write(f"host all all {NET}.0/24 trust\n")
    options = f"-c listen_addresses={HEAD} -c unix_socket_directories={data}"
    shell(f"cd {data} && ip netns exec s1-head {as_user}/pg_ctl -D {data}/db -w -l {data}/log -o '{options}' start")
    server = int((data / "db/postmaster.pid").read_text().split()[0])
    remember("journal", server)


def processes() -> dict[str, int]:
    """By name, the process that holds all others of it, where it is still the one that was started."""
    if not STATE.exists():
        return {}
    if BOX.stat().st_uid != 0:
        raise SystemExit(f"box.py: {BOX} is not root's; who has put it there? remove it")
    known = json.loads(STATE.read_text())
    return {name: number for name, (number, began) in known.items() if started(number) == began}


def remember(name: str, number: int) -> None:
    known = json.loads(STATE.read_text()) if STATE.exists() else {}
    STATE.write_text(json.dumps(known | {name: (number, started(number))}))


def started(number: int) -> str:
    """When a process was started, in the kernel's ticks; numbers are given again."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def first_inside(process: int) -> int:
    """The first process of the namespace that ``unshare`` has made."""
    for _ in range(100):
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.05)
    raise SystemExit("box.py: the head has ended; its log is in " + str(BOX))


def end(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, 0)


def asked(expression: str) -> str:
    """What a driver on the head gets for an expression over ``ray``."""
    code = f"import ray; ray.init(address='{GCS}', logging_level='ERROR', log_to_driver=False); print({expression})"
    return (
        run([str(BIN / "python"), "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        .communicate()[0]
        .strip()
    )


def wait_for(what: str, there: object) -> None:
    until = time.monotonic() + UP_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError, SystemExit):
            if there():  # type: ignore[operator]
                return
        time.sleep(0.5)
    raise SystemExit(f"box.py: {what} did not come up within {UP_S:g} s; logs are in {BOX}")


def shell(command: str) -> None:
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"box.py: {command}: {ended.stderr.strip()}")


def quietly(command: str) -> None:
    subprocess.run(["bash", "-c", command], capture_output=True)


# A try --------------------------------------------------------------------------------------------------------------


def tried() -> int:
    """Verification, generation and a GRPO step across the nodes, of which one dies and one is cut off meanwhile."""
    rows: list[tuple[str, str, float, str]] = []
    folder = BOX.with_name("s1-box-runs")
    shutil.rmtree(folder, ignore_errors=True)
    began = time.monotonic()
    up()
    rows.append(("start", "a head, three nodes, a journal in PostgreSQL", time.monotonic() - began, "3 nodes"))
    model = ["model=embedded", "env=code_understanding", "limit=100", "samples=2", "sampling.max_tokens=96"]
    served = ["launch=ray", "ray.replicas=2", "vllm_arguments=[--max-model-len,'1024']"]
    steps = (
        ("verification", ["synthetic1", "audit", "math", "--limit", "300", "--engine", "ray"], "kill 3"),
        ("generation", ["synthetic1", "generate", *model, *served, f"journal={JOURNAL}", "run_name=box"], "cut 2"),
        ("verified anew", ["synthetic1", "verify", "run=box", "engine=ray"], ""),
        ("a GRPO step", [*GRPO_STEP], ""),
    )
    status = 0
    try:
        for what, command, broken in steps:
            where = [f"runs={folder}"] if command[1] != "audit" else []
            began = time.monotonic()
            process = run([*command, *where], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if broken:
                time.sleep(8)
                action, number = broken.split()
                {"kill": kill, "cut": cut}[action](int(number))
                print(f"-- {broken}", flush=True)
            out, _ = process.communicate()
            print(out, flush=True)
            seconds = time.monotonic() - began
            rows.append((what, f"meanwhile: {broken}" if broken else "", seconds, f"status {process.returncode}"))
            status = status or process.returncode
            if broken.startswith("kill"):
                start(3)
            elif broken:
                heal(2)
    finally:
        down()
        shutil.rmtree(folder, ignore_errors=True)
    for what, meanwhile, seconds, ended in rows:
        print(f"{what:<14} {meanwhile:<48} {seconds:>6.0f} s   {ended}")
    return status


GRPO_STEP = (
    *("synthetic1", "grpo", "env=math", "env.level=1", "model=embedded", "engine=ray", "trainer.max_steps=1"),
    *("trainer.group_size=4", "trainer.prompts_per_step=8", "eval.n=8"),
)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
