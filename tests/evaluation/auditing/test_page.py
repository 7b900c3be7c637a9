"""The page of an audit: true to the counts, the worst first, inert whatever tasks and completions hold."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inert_page import Page, check_inert

from synthetic1.evaluation.auditing.case import AuditCase
from synthetic1.evaluation.auditing.counts import AuditCounts, UnscorableGold
from synthetic1.evaluation.auditing.page import QUARANTINED_SHOWN, UNSCORABLE_SHOWN, AuditRun, render_page
from synthetic1.evaluation.auditing.solutions import NEEDS_CHECKER
from synthetic1.task import Task
from synthetic1.verdict import Verdict

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = (
    "</pre></code></script><script>alert(1)</script><img src=https://example.org onerror=alert(1)>\x00\x1b[2J\u202e&"
)
RUN = AuditRun(("synthetic1", "audit", "my tasks.jsonl", "--limit", "20"), {"Python": "3.11"}, "2026-01-02 03:04 UTC")
FAMILY = "verifiable_math"


def found(
    *, mutants: int = 0, accepted: int = 0, rights: int = 0, rejected: int = 0, source: str = "set"
) -> AuditCounts:
    """The counts of an audit of as many mutants and equivalents, all of one kind each."""
    counts = AuditCounts()
    add(counts, source, mutants=mutants, accepted=accepted, rights=rights, rejected=rejected)
    return counts


def add(
    counts: AuditCounts, source: str, *, mutants: int = 0, accepted: int = 0, rights: int = 0, rejected: int = 0
) -> None:
    counts.add_gold(FAMILY, source)
    for number in range(mutants):
        case = AuditCase(f"mutant_{source}", 0.0, f"\\boxed{{{number}}}", str(number))
        counts.add_case(FAMILY, source, case, Verdict.graded(float(number < accepted)), "gold text", f"task {number}")
    for number in range(rights):
        case = AuditCase(f"right_{source}", 1.0, f"\\boxed{{{number}}}", str(number))
        counts.add_case(FAMILY, source, case, Verdict.graded(float(number >= rejected)), "gold text", f"task {number}")


def quarantine(counts: AuditCounts, name: str, why: str) -> None:
    """Add a task of whose two golds the first passes and the second prints another output."""
    task = Task(name or "t", "verifiable_code", "p", gold_standard_solution="a", other_solutions=("b",))
    failed = {"index": 0, "status": "wrong_answer", "why": why}
    counts.quarantine.add(task, name, {0: Verdict.graded(1.0), 1: Verdict.graded(0.0, failed=failed)})


def tables(page: str) -> dict[str, list[list[str]]]:
    """The rows of cells of each table, by the name of its first column; a kind's table may be there twice."""
    parsed: dict[str, list[list[str]]] = {}
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        head, _, body = table.partition("</thead>")
        names = re.findall(r'<th scope="col">(.*?)</th>', head)
        rows = [
            [unescape(cell) for cell in re.findall(r"<(?:th|td)[^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
            for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
        ]
        assert all(len(row) == len(names) for row in rows)
        parsed.setdefault(names[0], []).extend(rows)
    return parsed


def test_the_figures_are_those_of_the_counts() -> None:
    page = render_page(found(mutants=1_200, accepted=3, rights=400, rejected=40), RUN)
    text = check_inert(page).text
    for figure in ("1,200", "0.25 %, 0.09 % to 0.73 %", "400", "10.00 %, 7.43 % to 13.33 %"):
        assert figure in text
    row = ["1", "0", "1,200", "3", "0.25 %, 0.09 % to 0.73 %", "400", "40", "10.00 %, 7.43 % to 13.33 %"]
    assert tables(page)["family"] == [[FAMILY, *row]]
    assert tables(page)["source"] == [["set", *row]]
    assert tables(page)["kind"] == [
        ["mutant_set", "0", "1,200", "3", "0.25 %, 0.09 % to 0.73 %", "0", "0"],
        ["right_set", "1", "400", "40", "10.00 %, 7.43 % to 13.33 %", "0", "0"],
    ]


def test_a_rate_of_no_cases_is_not_0_percent() -> None:
    (row,) = tables(render_page(found(mutants=10), RUN))["family"]
    assert row[-3:] == ["0", "0", "–"]


def test_the_worst_stands_first() -> None:
    """By what is sure of the rate: one of two says less than forty of a hundred."""
    counts = AuditCounts()
    add(counts, "good", mutants=100, rights=100)
    add(counts, "few", mutants=2, accepted=1)
    add(counts, "strict", mutants=100, rights=100, rejected=50)
    add(counts, "bad", mutants=100, accepted=40)
    page = render_page(counts, RUN)
    assert [row[0] for row in tables(page)["source"]] == ["bad", "few", "strict", "good"]
    faulty, clean = page.partition("kinds without an error")[::2]
    assert [row[0] for row in tables(faulty)["kind"]] == ["mutant_bad", "mutant_few", "right_strict"]
    assert {row[0] for row in tables(clean)["kind"]} == {"mutant_good", "mutant_strict", "right_good"}
    headings = re.findall(r"<h3>(.*?)<", page)
    assert headings == ["mutant_bad", "mutant_few", "right_strict"]
    assert "40 wrong, the 8 shortest" in Page(page).text


def test_offenders_can_be_read_whole() -> None:
    counts = AuditCounts()
    completion = "Because. " * 40 + r"\boxed{\frac{1}{2}}"
    case = AuditCase("a_kind", 0.0, completion, r"\frac{1}{2}", note="a note")
    counts.add_case(FAMILY, "a set", case, Verdict(0.5, "partial"), r"\frac{1}{3}", "the task")
    text = Page(render_page(counts, RUN)).text
    for part in (
        r"gold \frac{1}{3}",
        r"answer \frac{1}{2}",
        "scores 0.5 instead of 0: partial",
        "the task, a set",
    ):
        assert part in text
    assert "note a note" in text
    assert " ".join(completion.split()) in text


def test_what_has_no_score_and_what_was_not_audited() -> None:
    counts = found(mutants=1)
    for number in range(UNSCORABLE_SHOWN + 5):
        counts.add_gold(FAMILY, "set")
        gold = UnscorableGold("set", f"task {number}", "a proof", "unscorable_gold", "it is prose")
        counts.add_unscorable(FAMILY, "set", gold)
    counts.not_audited["tasks without a gold"] = 3
    counts.not_audited["rows that are not tasks"] = 1_234
    page = render_page(counts, RUN)
    assert "task 99, set reason unscorable_gold: it is prose" in Page(page).text
    assert "5 more" in Page(page).text
    assert tables(page)["what"] == [["rows that are not tasks", "1,234"], ["tasks without a gold", "3"]]


def test_what_is_to_be_quarantined() -> None:
    counts = found(mutants=1)
    for number in range(QUARANTINED_SHOWN + 5):
        quarantine(counts, f"task {number}", "token 1 differs")
    page = render_page(counts, RUN)
    rows = tables(page)["task"]
    assert len(rows) == QUARANTINED_SHOWN
    assert rows[3] == ["task 3", "task 3", NEEDS_CHECKER, "1", "1", "gold 1: wrong_answer, token 1 differs"]
    assert "5 more; --quarantine FILE writes all of them" in check_inert(page).text


def test_how_it_was_run_repeats_it() -> None:
    options = {"--verifier": None, "--limit": 0, "--seed": 3, "--thorough": True, "--other": False}
    run = AuditRun.of(["my tasks.jsonl", "math"], options, [FAMILY], None)
    page = render_page(found(mutants=1), run)
    shown = re.search(r'<h2>How it was run</h2><pre class="card">(.*?)</pre>', page)
    assert shown is not None
    words = ["synthetic1", "audit", "my tasks.jsonl", "math", "--limit", "0", "--seed", "3", "--thorough"]
    assert shlex.split(unescape(shown[1])) == words
    facts = dict(tables(page)["setting"])
    assert re.fullmatch(r"synthetic1\.rewards\.math:Math, version \d+", facts["verifier of verifiable_math"])
    assert {"synthetic1", "Python"} <= facts.keys()


def test_an_audit_without_errors_says_so() -> None:
    text = check_inert(render_page(found(mutants=5, rights=5), RUN)).text
    assert "No kind has an error. 2 kinds without an error" in text
    for heading in ("Accepted", "Rejected", "To quarantine", "Golds without", "Not audited"):
        assert heading not in text
    check_inert(render_page(AuditCounts(), RUN))


anything = st.text(max_size=60) | st.just(HOSTILE) | st.just("x" * 900)


@settings(max_examples=40, deadline=None)
@given(kind=anything, source=anything, gold=anything, answer=anything, completion=anything, reason=anything)
def test_whatever_is_audited_can_only_be_read(
    kind: str, source: str, gold: str, answer: str, completion: str, reason: str
) -> None:
    counts = AuditCounts()
    case = AuditCase(kind, 0.0, completion, answer, note=reason)
    counts.add_gold(FAMILY, source)
    counts.add_case(FAMILY, source, case, Verdict.graded(1.0), gold, source)
    counts.add_unscorable(FAMILY, source, UnscorableGold(source, gold, gold, reason, reason))
    counts.not_audited[reason] = 1
    quarantine(counts, source, reason)
    page = render_page(counts, AuditRun(("synthetic1", "audit", source), {kind: reason}))
    check_inert(page)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff]", page)


def test_tables_can_be_heard() -> None:
    """Each has a caption, every head cell its scope, and what scrolls can be reached by keyboard."""
    counts = found(mutants=9, accepted=9, rights=9)
    quarantine(counts, "task", "token 1 differs")
    page = render_page(counts, RUN)
    parsed = check_inert(page)
    count = page.count("<table")
    assert page.count("<caption>") == count
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in parsed.tags if tag == "th")
    scrolling: list[Any] = [attributes for _, attributes in parsed.tags if attributes.get("class") == "scroll"]
    assert len(scrolling) == count
    assert all(attributes["tabindex"] == "0" and attributes["aria-label"] for attributes in scrolling)
    assert page.count("<title>") == page.count("<h1>") == 1


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_is_as_wide_as_the_window(
    width: int, tmp_path: Path, require: Callable[[str, object, str], None]
) -> None:
    """In a browser, with long words everywhere and everything unfolded."""
    require("chromium", BROWSER, "apt-get install -y chromium")
    assert BROWSER is not None
    counts = found(mutants=20, accepted=9, rights=20, rejected=9, source="s" * 150)
    case = AuditCase("k" * 150, 0.0, "c" * 400, "a" * 400)
    counts.add_gold(FAMILY, "x")
    counts.add_case(FAMILY, "x", case, Verdict.graded(1.0), "g" * 400, "t" * 150)
    counts.add_unscorable(FAMILY, "x", UnscorableGold("u" * 150, None, "g" * 400, "r" * 150, "w" * 150))
    counts.not_audited["n" * 150] = 1
    quarantine(counts, "q" * 150, "w" * 150)
    page = render_page(counts, AuditRun(("synthetic1", "f" * 300), {"setting": "v" * 300}))
    probe = """
      for (const folded of document.querySelectorAll("details")) folded.open = true;
      const root = document.documentElement;
      console.log(`PROBE ${innerWidth} ${root.scrollWidth - root.clientWidth}`);
    """
    inner = page.replace("Content-Security-Policy", "x-none")  # it would refuse the probe
    (tmp_path / "page.html").write_text(inner.replace("</body>", f"<script>{{{probe}}}</script></body>"), "utf-8")
    (tmp_path / "frame.html").write_text(f'<iframe src="page.html" width="{width}" height="900"></iframe>', "utf-8")
    flags = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --enable-logging=stderr"
    flags += " --disable-background-networking --disable-component-update --window-size=1300,1000"
    command = [BROWSER, *flags.split(), f"--user-data-dir={tmp_path / 'user'}", "--dump-dom"]
    done = subprocess.run(
        [*command, (tmp_path / "frame.html").as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    assert f'"PROBE {width} 0"' in done.stderr, done.stderr
