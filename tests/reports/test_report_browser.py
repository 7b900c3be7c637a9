"""``report.html`` in a real browser: it draws, in light and in dark, and its console stays empty."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from synthetic1.reports.page.html import write_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
Photograph = Callable[[Path], tuple[bytes, str]]


@pytest.fixture
def photograph(require: Callable[[str, object, str], None], tmp_path: Path) -> Photograph:
    """Opens a page in Chromium: its picture as raw RGB rows, and what it wrote to its console."""
    require("chromium", BROWSER, "apt-get install -y chromium")
    assert BROWSER is not None

    def take(page: Path) -> tuple[bytes, str]:
        picture = tmp_path / f"{page.stem}.png"
        flags = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run"
        flags += " --disable-background-networking --disable-component-update --enable-logging=stderr"
        flags += " --window-size=1240,1800"
        command = [BROWSER, *flags.split(), f"--user-data-dir={tmp_path / page.stem}", f"--screenshot={picture}"]
        env = {**os.environ, "HOME": str(tmp_path)}
        done = subprocess.run(
            [*command, page.as_uri()], capture_output=True, text=True, timeout=120, env=env, check=False
        )
        assert picture.exists(), done.stderr
        return pixels(picture.read_bytes()), "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)

    return take


def pixels(png: bytes) -> bytes:
    """The inflated rows of a PNG: filtered, but as varied as the picture."""
    at, data = 8, b""
    while at < len(png):
        (size,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    return zlib.decompress(data)


def test_the_report_draws_in_light_and_dark_without_a_console_message(
    finished_run: Path, tmp_path: Path, photograph: Photograph
) -> None:
    page = write_report(finished_run).read_text(encoding="utf-8")
    pictures = {}
    for theme in ("light", "dark"):
        file = tmp_path / f"{theme}.html"
        file.write_text(page.replace('<html lang="en">', f'<html lang="en" data-theme="{theme}">'), encoding="utf-8")
        picture, console = photograph(file)
        assert console == ""
        assert sum(byte != 0 for byte in picture) > 100_000  # filtered rows of a blank page are nearly all 0
        pictures[theme] = picture
    assert pictures["light"] != pictures["dark"]


def test_hovering_and_the_theme_button_work(finished_run: Path, tmp_path: Path, photograph: Photograph) -> None:
    page = write_report(finished_run).read_text(encoding="utf-8")
    probe = """
      document.querySelector("button").click();
      const chart = document.querySelector("svg[data-hover]"), box = chart.getBoundingClientRect();
      const at = {clientX: box.left + box.width / 2, clientY: box.top + 50};
      chart.dispatchEvent(new PointerEvent("pointermove", at));
      const heard = chart.parentNode.querySelector(".tip").innerText.replaceAll("\\n", ", ");
      chart.dispatchEvent(new PointerEvent("pointerleave", at));
      const theme = document.documentElement.dataset.theme, left = document.querySelectorAll(".tip").length;
      console.log(`PROBE ${theme}; ${heard}; ${left} left`);
    """
    file = tmp_path / "probe.html"
    without_policy = page.replace("Content-Security-Policy", "x-none")  # it would refuse the probe: see the next test
    file.write_text(without_policy.replace("</body>", f"<script>{{{probe}}}</script></body>"), encoding="utf-8")
    _, console = photograph(file)
    assert re.search(r'"PROBE (dark|light); step 1\d, reward 0\.5\d*; 0 left"', console), console
    assert console.count("CONSOLE") == 1


def test_the_policy_refuses_every_other_script_and_request(
    finished_run: Path, tmp_path: Path, photograph: Photograph
) -> None:
    page = write_report(finished_run).read_text(encoding="utf-8")
    file = tmp_path / "injected.html"
    injected = "<script>console.log('RAN')</script><img src='http://127.0.0.1:9/x.png' onerror=\"console.log('RAN')\">"
    file.write_text(page.replace("</main>", f"{injected}</main>"), encoding="utf-8")
    _, console = photograph(file)
    assert "Content Security Policy" in console
    assert "RAN" not in console.replace("console.log('RAN')", "")
