"""deploy/cluster/box.py: a cluster in a box comes up, works while nodes die and cables are cut, and leaves nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

BOX = Path(__file__).resolve().parents[2] / "deploy/cluster/box.py"
pytestmark = pytest.mark.integrations


@pytest.fixture(scope="module")
def box(ray_installed, require):
    require("root and its namespaces", os.geteuid() == 0 and shutil.which("unshare"), "run as root")
    require("iproute2", shutil.which("ip"), "apt-get install iproute2")
    require("bubblewrap", shutil.which("bwrap"), "apt-get install bubblewrap")
    require("PostgreSQL", list(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")), "apt-get install postgresql")
    spec = importlib.util.spec_from_file_location("box", BOX)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    loaded.up()
    yield loaded
    loaded.down()
    assert "s1-" not in subprocess.run(["ip", "netns"], capture_output=True, text=True).stdout
    assert not loaded.BOX.exists()


def joined(box, count):
    box.wait_for(f"{count} nodes", lambda: box.asked(box.JOINED) == str(count))


def test_verification_goes_on_while_a_node_dies_and_another_is_cut_off(box):
    command = ["synthetic1", "audit", "math", "--limit", "150", "--engine", "ray"]
    process = box.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(5)  # it starts; when exactly what breaks makes no difference to what is to hold
    box.kill(3)
    box.cut(2)
    time.sleep(6)
    box.heal(2)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out[-3000:]
    alone = subprocess.run(
        [sys.executable, "-m", "synthetic1.cli", *command[1:-2]], capture_output=True, text=True, check=False
    )
    assert alone.returncode == 0, alone.stderr[-2000:]

    def table(said):
        return [line for line in said.splitlines() if line.startswith(("synthetic1/", "source", "and "))]

    assert table(out) == table(alone.stdout)
    box.start(3)
    joined(box, 3)


def test_a_run_with_its_journal_in_the_box(box, tmp_path):
    code = (
        "import os, pathlib, sys; from synthetic1.datagen.journal.runs import open_journal; "
        "journal = open_journal(pathlib.Path(sys.argv[1]), os.environ['JOURNAL']); journal.set_meta('a', 'b'); "
        "journal.flush(); print(journal.meta('a')); journal.close()"
    )
    process = box.run([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.communicate(timeout=60)[0].strip() == "b"


def test_what_it_does_not_know_is_answered_with_its_help(box):
    ended = subprocess.run([sys.executable, str(BOX), "kill", "7"], capture_output=True, text=True)
    assert ended.returncode == 2
    assert "box.py heal 2" in ended.stderr
