"""``report.html`` in a real browser: it draws, in light and in dark, and its console stays empty."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synthetic1.reports.page.html import render, write_report
from synthetic1.reports.run_status import RunStatus

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
Photograph = Callable[[Path], tuple[bytes, str]]
Sample = Callable[..., dict[str, Any]]
Listen = Callable[[Path, int], list[str]]
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run"
    " --disable-background-networking --disable-component-update --enable-logging=stderr --window-size=1240,1800"
)
LISTEN_S = 90.0


@pytest.fixture
def photograph(require: Callable[[str, object, str], None], tmp_path: Path) -> Photograph:
    """Opens a page in Chromium: its picture as raw RGB rows, and what it wrote to its console."""
    require("chromium", BROWSER, "apt-get install -y chromium")
    assert BROWSER is not None

    def take(page: Path) -> tuple[bytes, str]:
        picture = tmp_path / f"{page.stem}.png"
        command = [BROWSER, *FLAGS.split(), f"--user-data-dir={tmp_path / page.stem}", f"--screenshot={picture}"]
        env = {**os.environ, "HOME": str(tmp_path)}
        done = subprocess.run(
            [*command, page.as_uri()], capture_output=True, text=True, timeout=120, env=env, check=False
        )
        assert picture.exists(), done.stderr
        return pixels(picture.read_bytes()), "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)

    return take


@pytest.fixture
def listen(photograph: Photograph, tmp_path: Path) -> Listen:
    """Opens a page and leaves it open until it has said so many lines that begin with PROBE; gives the lines."""

    def hear(page: Path, lines: int) -> list[str]:
        command = [
            BROWSER or "",
            *FLAGS.split(),
            f"--user-data-dir={tmp_path / page.stem}",
            "--remote-debugging-port=0",
        ]
        env = {**os.environ, "HOME": str(tmp_path)}
        with subprocess.Popen([*command, page.as_uri()], stderr=subprocess.PIPE, text=True, env=env) as browser:
            timer = threading.Timer(LISTEN_S, browser.terminate)
            timer.start()
            heard: list[str] = []
            for line in browser.stderr or ():
                heard += re.findall(r'"PROBE (.*?)"', line)
                if len(heard) >= lines:
                    break
            timer.cancel()
            browser.terminate()
        return heard

    return hear


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


def probed(page: str, probe: str) -> str:
    """The page with a script of ours in it, which its policy would refuse: see the test above."""
    without_policy = page.replace("Content-Security-Policy", "x-none")
    return without_policy.replace("</body>", f"<script>{{{probe}}}</script></body>")


def said(console: str) -> list[str]:
    return re.findall(r'"PROBE (.*?)"', console)


SET = """
  const set = (name, value) => { const control = document.querySelector(`.filters [name=${name}]`);
    control.value = value; control.dispatchEvent(new Event("input", { bubbles: true })); };
  const rows = () => [...document.querySelectorAll(".samples tbody tr")];
  const count = () => document.querySelector(".count").innerText;
"""
FILTERED = f"""{SET}
  const found = [];
  set("sort", "wrong"); found.push(count());
  set("reason", "no_answer"); found.push(count());
  document.querySelector(".reset").click(); found.push(count());
  set("from", "20"); set("to", "20"); found.push(count());
  document.querySelector(".reset").click();
  set("text", "NEEDLE"); found.push(count(), rows()[0].innerText.includes("task-77"));
  document.querySelector(".reset").click();
  set("order", "worst"); found.push(rows()[0].querySelector(".pill").innerText);
  set("order", "best"); found.push(rows()[0].querySelector(".pill").innerText);
  console.log("PROBE " + found.join("; "));
"""


def test_samples_are_filtered_and_sorted(tmp_path: Path, photograph: Photograph, sample: Sample) -> None:
    rows = []
    for i in range(120):
        score, reason = [(1.0, "correct"), (0.0, "wrong_answer"), (0.0, "no_answer"), (None, "unscorable_infra")][i % 4]
        text = "a needle in it" if i == 77 else "nothing"
        rows.append(sample(step=i // 2, score=score, reason=reason, completion=text, task_id=f"task-{i}"))
    file = tmp_path / "filtered.html"
    file.write_text(probed(render("run", {}, [], rows, {}), FILTERED), encoding="utf-8")
    _, console = photograph(file)
    heard = "60 of 120 samples; 30 of 120 samples; 120 samples; 2 of 120 samples; 1 of 120 samples; true; "
    assert said(console) == [heard + "0.00 no_answer; 1.00 correct"], console
    assert console.count("CONSOLE") == 1


TEN_THOUSAND = f"""{SET}
  const at_first = rows().length;
  document.querySelector(".more").click();
  const then = rows().length;
  set("text", "task-123");
  const slash = new KeyboardEvent("keydown", {{ key: "/", bubbles: true, cancelable: true }});
  document.body.dispatchEvent(slash);
  const wanted = document.activeElement.name;
  const details = rows()[0].querySelector("details"); details.open = true;
  requestAnimationFrame(() => setTimeout(() => console.log("PROBE " + [at_first < 1000, then - at_first >= 200, count(),
    wanted, details.querySelector("pre").textContent.length > 0].join("; ")), 50));
"""


def test_ten_thousand_samples_are_drawn_some_at_a_time(tmp_path: Path, listen: Listen, sample: Sample) -> None:
    rows = [sample(step=i // 8, task_id=f"task-{i:05d}") for i in range(10_000)]
    page = render("run", {}, [], rows, {})
    assert "are on this page" not in page  # all of them are
    file = tmp_path / "many.html"
    file.write_text(probed(page, TEN_THOUSAND.replace("task-123", "task-0123")), "utf-8")
    assert listen(file, 1) == ["true; true; 10 of 10,000 samples; text; true"]


NARROW = "console.log('PROBE ' + innerWidth + ' ' + document.documentElement.scrollWidth);"


def test_it_fits_a_telephone(finished_run: Path, tmp_path: Path, photograph: Photograph) -> None:
    page = write_report(finished_run).read_text(encoding="utf-8")
    (tmp_path / "inner.html").write_text(probed(page, NARROW), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text('<!doctype html><iframe src="inner.html" width="360" height="900" frameborder="0"></iframe>')
    _, console = photograph(frame)
    assert said(console) == ["360 360"], console


AGAIN = f"""{SET}
  const loads = Number(sessionStorage.getItem("loads") || 0) + 1;
  sessionStorage.setItem("loads", loads);
  console.log("PROBE " + loads + ": " + [document.querySelector("[name=text]").value, count(), scrollY,
    document.documentElement.dataset.theme || "", document.querySelectorAll("details[open] pre").length].join("; "));
  if (loads === 1) {{ set("text", "blue"); document.querySelector("button").click(); scrollTo(0, 400);
    document.querySelector(".samples details").open = true; }}
"""


def test_a_page_that_loads_itself_again_stays_as_a_person_has_set_it(
    finished_run: Path, tmp_path: Path, listen: Listen
) -> None:
    running = write_report(finished_run, status=RunStatus("running", "training", 1.0)).read_text(encoding="utf-8")
    file = tmp_path / "running.html"
    file.write_text(probed(running.replace("cu-1-7", "blue-7"), AGAIN), encoding="utf-8")
    heard = listen(file, 2)
    assert heard[0].startswith("1: ; 9 samples; 0; ; 0")
    assert re.fullmatch(r"2: blue; 8 of 9 samples; 400; (dark|light); 1", heard[1]), heard


def test_only_the_page_of_a_run_that_goes_on_loads_itself_again(finished_run: Path) -> None:
    for state, again in (("running", True), ("stopped", False), ("failed", False), ("finished", False)):
        page = write_report(finished_run, status=RunStatus(state, "said", 1.0)).read_text(encoding="utf-8")
        assert ('data-every="1"' in page) == again
