"""A Slurm of one node on this machine, started by tests: munge, slurmctld and slurmd, all in one folder, on free ports.

Debian's packages: ``apt-get install --no-install-recommends slurmctld slurmd``. Wants root.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
UP_S = 60.0
CONFIG = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={control_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def is_installed() -> bool:
    return os.getuid() == 0 and all(shutil.which(name, path=PATH) for name in PROGRAMS)


@contextmanager
def one_node_slurm(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which ``sbatch`` and the others speak to it; its partition is ``all``."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    control_port, node_port = _free_ports(2)
    host = socket.gethostname().partition(".")[0]
    cpus = os.cpu_count() or 1
    config = folder / "slurm.conf"
    config.write_text(
        CONFIG.format(folder=folder, host=host, control_port=control_port, node_port=node_port, cpus=cpus)
    )
    env = {**os.environ, "PATH": PATH, "SLURM_CONF": str(config)}
    munge = [f"--{name}={folder}/munge.{end}" for name, end in (("key-file", "key"), ("socket", "sock"))]
    munge += [f"--{name}={folder}/munge.{end}" for name, end in (("pid-file", "pid"), ("seed-file", "seed"))]
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        # --force: of the folders above, which others may write to, as /tmp is
        for command in (["munged", "--foreground", "--force", *munge], ["slurmctld", "-D"], ["slurmd", "-D"]):
            with (folder / f"{command[0]}.out").open("wb") as log:
                daemons.append(subprocess.Popen(command, env=env, stdout=log, stderr=log))
            if command[0] == "munged":
                _until(lambda: (folder / "munge.sock").exists(), folder)
        _until(lambda: "idle" in _said(["sinfo", "--noheader", "--format=%T"], env), folder)
        yield env
    finally:
        _said(["scancel", "--me"], env)
        for daemon in reversed(daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _said(command: list[str], env: dict[str, str]) -> str:
    return subprocess.run(command, env=env, capture_output=True, text=True).stdout


def _until(is_so: object, folder: Path) -> None:
    ends = time.monotonic() + UP_S
    while not is_so():  # type: ignore[operator]
        if time.monotonic() > ends:
            logs = "\n".join(f"{log.name}: {log.read_text()[-1000:]}" for log in folder.glob("*.out"))
            raise AssertionError(f"Slurm did not come up:\n{logs}")
        time.sleep(0.05)


def _free_ports(many: int) -> list[int]:
    sockets = [socket.socket() for _ in range(many)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
