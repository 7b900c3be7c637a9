"""The dashboard: over HTTP, and in a real browser with names that strangers chose."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
import uvicorn
from chromium import chromium
from fastapi import FastAPI

from synthetic1.pool.dashboard import routes
from synthetic1.pool.dashboard.routes import add_dashboard
from synthetic1.pool.dashboard.state import FamilyCount, NodeRow, PoolState, ReasonCount, TraceRow, shown, visible

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = (
    "<script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "<svg onload=\"document.title='taken'\">",
    "javascript:alert(1)",
    "\u202egnp.exe",
    "a\x00b\x1b[31m",
    "x" * 1_000_000,
    "\ud800",
)


def state(**more):
    """A pool at work."""
    node = NodeRow("ab" * 32, "one", "europe", "H200 x8", "active", 900, 700, 2, 1_200_000, 4.0)
    bad = replace(node, node="cd" * 32, name="two", region="Asia", status="quarantined", judged=50, verified=1, units=0)
    trace = TraceRow("0" * 32, node.node, "math", "1 + 1?", "\\boxed{2}", 1.0, "correct", "accept", 1_764_500_000.0)
    values = {
        "run": "math-r1",
        "environment": "math",
        "model": "deepseek-ai/DeepSeek-R1",
        "wanted": 4_000,
        "started_at": 1_764_400_000.0,
        "now": time.time(),
        "rollouts": 1_000,
        "judged": 950,
        "verified": 701,
        "pending": 50,
        "tokens": 3_500_000,
        "tokens_per_s": 1234.5,
        "eta_s": 7_200.0,
        "families": [FamilyCount("math", 800, 600), FamilyCount("code", 150, 101)],
        "reasons": [ReasonCount("wrong_answer", 200), ReasonCount("time_limit", 49)],
        "nodes": [node, bad],
        "traces": [trace, replace(trace, key="1" * 32, score=0.0, reason="wrong_answer", completion="\\boxed{3}")],
    }
    return PoolState(**{**values, **more})


@asynccontextmanager
async def page_of(told, **options):
    """The dashboard of ``told[0]`` on loopback; its address."""
    app = FastAPI()
    add_dashboard(app, lambda: told[0], interval_s=0.1, **options)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", ws="none", timeout_graceful_shutdown=1)
    server, socket = uvicorn.Server(config), config.bind_socket()
    serving = asyncio.create_task(server._serve([socket]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def next_state(stream):
    """The next event's data."""
    async with asyncio.timeout(10):
        event = b""
        async for line in stream.content:
            if line.startswith(b"event: "):
                event = line[7:].strip()
            elif line.startswith(b"data: ") and event == b"state":
                return json.loads(line[6:])
    raise AssertionError("it ended")


def test_events_come_when_something_changes_and_only_then():
    async def main():
        told = [state()]
        async with page_of(told) as url, aiohttp.ClientSession() as session, session.get(f"{url}/v1/events") as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            assert (await next_state(stream))["verified"] == 701
            await next_state(stream)
            told[0] = state(verified=702)
            assert (await next_state(stream))["verified"] == 702
            told[0] = state(verified=702, now=time.time() + 5)  # time alone is no news
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.6):
                    await next_state(stream)

    asyncio.run(main())


def test_nothing_but_its_own_is_loaded_and_no_inline_code_runs():
    async def main():
        async with page_of([state()]) as url, aiohttp.ClientSession() as session:
            for path, kind in (
                ("/", "text/html"),
                ("/dashboard.js", "text/javascript"),
                ("/dashboard.css", "text/css"),
            ):
                async with session.get(url + path) as response:
                    text = await response.text()
                    assert response.headers["Content-Type"].startswith(kind)
                    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
                    assert "http://" not in text.replace("http://localhost:8000/v1", "")
                    assert "https://" not in text
                    assert "innerHTML" not in text

    asyncio.run(main())


def test_viewers_are_bounded_and_one_that_leaves_makes_room(monkeypatch):
    monkeypatch.setattr(routes, "VIEWERS", 2)

    async def main():
        async with page_of([state()]) as url, aiohttp.ClientSession() as session:
            async with session.get(f"{url}/v1/events") as one, session.get(f"{url}/v1/events") as two:
                await next_state(one)
                await next_state(two)
                async with session.get(f"{url}/v1/events") as third:
                    assert third.status == 503
            async with asyncio.timeout(10):
                while True:
                    async with session.get(f"{url}/v1/events") as again:
                        if again.status == 200:
                            return
                    await asyncio.sleep(0.05)

    asyncio.run(main())


def test_a_state_that_fails_ends_the_events_and_the_next_viewer_starts_anew(monkeypatch):
    monkeypatch.setattr(routes, "HEARTBEAT_S", 0.2)

    async def main():
        told = [state()]
        async with page_of(told) as url, aiohttp.ClientSession() as session:
            async with session.get(f"{url}/v1/events") as stream:
                await next_state(stream)
                told.clear()
                with pytest.raises(aiohttp.ClientPayloadError):
                    async with asyncio.timeout(10):
                        await stream.content.read()
            told.append(state(verified=703))
            async with session.get(f"{url}/v1/events") as stream:
                assert (await next_state(stream))["verified"] == 703
                told[0] = state(verified=704)
                while (await next_state(stream))["verified"] != 704:
                    pass

    asyncio.run(main())


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_of_a_trace_and_a_reason_is_cut_and_visible(text):
    trace = replace(state().traces[0], family=text, reason=text, prompt=text, completion=text)
    told = shown(state(traces=[trace], reasons=[ReasonCount(text, 1)]), public=False)
    texts = [told["reasons"][0]["reason"], *(told["traces"][0][name] for name in ("family", "reason", "prompt"))]
    assert all(said.isprintable() and len(said) <= 8_001 for said in texts)
    assert len(texts[0]) <= 601


def test_many_who_come_at_once_are_bounded_too(monkeypatch):
    monkeypatch.setattr(routes, "VIEWERS", 5)

    async def status(session, url):
        async with session.get(f"{url}/v1/events") as response:
            await asyncio.sleep(0.5)
            return response.status

    async def main():
        async with page_of([state()]) as url, aiohttp.ClientSession() as session:
            found = await asyncio.gather(*(status(session, url) for _ in range(30)))
            assert sorted(found) == [200] * 5 + [503] * 25

    asyncio.run(main())


def test_all_texts_of_a_state_are_made_visible():
    told = shown(state(run=HOSTILE[4], model=HOSTILE[6], families=[FamilyCount(HOSTILE[6], 1, 1)]), public=False)
    assert len(json.dumps(told)) < 20_000
    assert "\u202e" not in json.dumps(told, ensure_ascii=False)


def test_a_public_page_keeps_texts_and_whole_keys_to_itself():
    told = shown(state(), public=True)
    assert all(trace["prompt"] is None and trace["completion"] is None for trace in told["traces"])
    assert {len(node["node"]) for node in told["nodes"]} == {12}
    assert "boxed" not in json.dumps(told)
    assert "boxed" in json.dumps(shown(state(), public=False))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_character_moves_or_hides_others(text):
    said = visible(text, 60)
    assert len(said) <= 121
    assert said.isprintable()
    said.encode()
    assert visible("two\nlines é 漢", 40) == "two\nlines é 漢"


@pytest.fixture
def browser(require):
    require("chromium", BROWSER, "apt-get install -y chromium")
    return BROWSER


@pytest.mark.browser
def test_in_a_browser(browser, tmp_path):
    node = state().nodes[0]
    hostile = [replace(node, node=f"{i:064x}", name=text, region=text, device=text) for i, text in enumerate(HOSTILE)]
    trace = replace(state().traces[0], prompt=HOSTILE[0], completion=HOSTILE[1])

    async def main():
        told = [state()]
        async with chromium(browser) as tab:
            async with page_of(told, join_url="http://pool.example:8470") as url:
                await tab.open(url)
                await tab.until("document.getElementById('verified').textContent === '701'")
                assert await tab.look("document.getElementById('share').textContent") == "73.8%"
                assert await tab.look("document.querySelectorAll('#families li').length") == 2
                assert "--join http://pool.example:8470" in await tab.look(
                    "document.getElementById('command').textContent"
                )
                # what changes is shown without loading anything anew
                await tab.look("window.kept = true")
                told[0] = state(verified=702, nodes=[*state().nodes, *hostile], traces=[trace])
                await tab.until("document.getElementById('verified').textContent === '702'")
                assert await tab.look("window.kept")
                # strangers' texts are texts
                await tab.look("document.querySelector('#traces li').click()")
                assert HOSTILE[0] in await tab.look("document.getElementById('trace').textContent")
                assert HOSTILE[0][:40] in await tab.look("document.getElementById('nodes').textContent")
                assert await tab.look("document.title") == "math-r1: synthetic1 pool"
                assert await tab.look("document.querySelectorAll('main img, main svg, main script').length") == 0
                # new traces do not move the list under who reads it
                many = [replace(trace, key=f"{i:032x}") for i in range(80)]
                told[0] = state(traces=many[:40])
                await tab.until("document.querySelectorAll('#traces li').length === 40")
                await tab.look("document.getElementById('traces').scrollTop = 300")
                place = (
                    "Math.round(document.querySelectorAll('#traces li')[{}].getBoundingClientRect().top"
                    " - document.getElementById('traces').getBoundingClientRect().top)"
                )
                read = await tab.look(place.format(12))
                told[0] = state(traces=many[:50])
                await tab.until("document.querySelectorAll('#traces li').length === 50")
                assert await tab.look(place.format(22)) == read
                told[0] = state(verified=702, nodes=[*state().nodes, *hostile], traces=[trace])
                await tab.until("document.querySelectorAll('#traces li').length === 1")
                # by keyboard: sort by a column
                await tab.look("document.querySelectorAll('#heads button')[5].focus()")
                await tab.press("Enter", 13, "\r")
                assert (
                    await tab.look("document.querySelectorAll('#heads th')[5].getAttribute('aria-sort')")
                    == "descending"
                )
                first = await tab.look("document.querySelector('#nodes tr td:nth-child(6)').textContent")
                await tab.press("Enter", 13, "\r")
                last = await tab.look("document.querySelector('#nodes tr td:nth-child(6)').textContent")
                assert (first, last) == ("900", "50")
                # what was rejected is not shown as right, nor a failure of ours as wrong
                told[0] = state(verified=703, traces=[replace(trace, proof="reject"), replace(trace, score=None)])
                await tab.until("document.getElementById('verified').textContent === '703'")
                marks = await tab.look("[...document.querySelectorAll('#traces li span')].map(s => s.className).join()")
                assert marks == "note,bad"
                # narrow: nothing is wider than the page
                for width in (360, 768):
                    await tab.size(width, 800)
                    assert await tab.look("document.documentElement.scrollWidth") <= width
                # dark, as the reader prefers or chooses; and it is kept
                light = await tab.look("getComputedStyle(document.body).backgroundColor")
                await tab.look("document.getElementById('theme').click()")
                assert await tab.look("getComputedStyle(document.body).backgroundColor") != light
                await tab.call("Page.reload")
                await tab.until(
                    "document.documentElement?.dataset.theme === 'dark' && !!document.querySelector('#nodes tr')"
                )
                told[0] = state(nodes=[], traces=[], judged=0, verified=0, families=[], reasons=[], eta_s=None)
                await tab.until("!document.getElementById('empty').hidden")
            await tab.until("document.getElementById('connection').textContent.includes('connection lost')")
            assert not [said for said in tab.console if "Failed to load resource" not in said and "ERR_" not in said]

    asyncio.run(main())
