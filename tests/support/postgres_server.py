"""A PostgreSQL server of the tests' own, in a temporary folder: started, restarted, stopped."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

PEOPLE = "postgres"  # whom Debian's package makes for it: the server refuses to be root


def programs() -> Path | None:
    """The folder of initdb and pg_ctl."""
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return installed[-1].parent if installed else None


class PostgresServer:
    """Listens at a socket in ``folder``."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder, self.bin = folder, bin_folder
        self.data = folder / "data"
        if os.geteuid() == 0:
            user = pwd.getpwnam(PEOPLE)
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", str(self.data), "-U", "synthetic1", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://synthetic1@/{database}?host={quote(str(self.folder), safe='')}"

    def create(self, database: str) -> None:
        """Make an empty database."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        """As ``pg_ctl -m``: ``fast`` ends connections, ``immediate`` is a crash of the server."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", how, "stop")

    def freeze(self, frozen: bool) -> None:
        """Stop all of its processes in what they are at, as if the machine hung; or have them go on."""
        import psutil

        main = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        for process in (main, *main.children(recursive=True)):
            process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def _run(self, program: str, *arguments: str) -> None:
        as_user = ["runuser", "-u", PEOPLE, "--"] if os.geteuid() == 0 else []
        command = [*as_user, str(self.bin / program), *arguments]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if ended.returncode:
            log = self.folder / "log"
            said = log.read_text()[-2000:] if log.is_file() else ""
            raise RuntimeError(f"{' '.join(command)}: {ended.stderr[-2000:]}{said}")


@contextlib.contextmanager
def postgres_server(bin_folder: Path) -> Iterator[PostgresServer]:
    """A server that has started."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # short: sockets want short paths
        server = PostgresServer(Path(folder), bin_folder)
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(RuntimeError):
                server.stop("immediate")
