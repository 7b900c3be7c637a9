"""Nobody gets in who may not, and nothing that is sent brings the orchestrator down: attempts by hand, and by
schemathesis."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest
from pools import led_pool, work_of

from synthetic1.keys import canonical_json
from synthetic1.pool.node_key import NodeKey
from synthetic1.pool.orchestrator.door import BODY_BYTES
from synthetic1.pool.signed_request import NODE, NONCE, SIGNATURE, TIMESTAMP, message_of, sign_request

SIGNED = (
    "/v1/join",
    "/v1/challenge/commitment",
    "/v1/challenge/product",
    "/v1/challenge/openings",
    "/v1/leases",
    "/v1/leases/held",
    "/v1/leases/renew",
    "/v1/submissions",
    "/v1/earned",
    "/v1/admin/nodes",
)
HOSTILE = (
    "<script>alert(1)</script>",
    "'; DROP TABLE pool_nodes; --",
    '" OR "1"="1',
    "../../etc/passwd",
    "%00%2e%2e%2f",
    "{{7*7}}",
    "\u202eevil",
    "𝕏" * 40,
)


async def raw(bed, path, body=b"{}", method="POST", **headers):
    """A request as it stands; (status, text)."""
    async with bed.session.request(method, bed.url + path, data=body, headers=headers) as response:
        return response.status, await response.text()


def signed(bed, key, path, body, *, pool=None, method="POST", at=None, nonce="0123456789abcdef"):
    stamp = str(int((time.time() if at is None else at) * 1e3))
    message = message_of(pool or bed.pool, method, path, nonce, stamp, body)
    return {NODE: key.node_id, NONCE: nonce, TIMESTAMP: stamp, SIGNATURE: key.sign(message).hex()}


def test_nobody_gets_in(tmp_path, caplog):
    """Who is not signed, not now, not this, not allowed: refused, and nothing has changed."""
    admin = NodeKey.generate()

    async def main():
        attempts = 0
        async with led_pool(tmp_path, admins=[admin.node_id]) as bed:
            victim, other = bed.node(), NodeKey.generate()
            await victim.join()
            tasks = await victim.lease(2)
            body = canonical_json({"work": [work_of(tasks[0])]})

            async def refused(statuses, path, sent, headers):
                nonlocal attempts
                attempts += 1
                status, said = await raw(bed, path, sent, **headers)
                assert status in statuses, (path, status, said)
                assert set(json.loads(said)) == {"error", "reason"}
                assert len(said) < 1_000

            for path in SIGNED:
                await refused({401}, path, b"{}", {})  # not signed
                good = signed(bed, victim.key, path, b"{}")
                for name in (NODE, NONCE, TIMESTAMP, SIGNATURE):
                    await refused({401}, path, b"{}", {key: value for key, value in good.items() if key != name})
                await refused({401}, path, b"{ }", good)  # another body
                await refused({401}, path, b"{}", good | {NODE: other.node_id})  # another's name
            path = "/v1/submissions"
            await refused({401}, path, body, signed(bed, victim.key, path, body, at=time.time() - 60))
            await refused({401}, path, body, signed(bed, victim.key, path, body, at=time.time() + 60))
            await refused({401}, path, body, signed(bed, victim.key, path, body, pool=other.node_id))
            await refused({401}, path, body, signed(bed, victim.key, "/v1/earned", body))
            await refused({401}, path + "?x=1", body, signed(bed, victim.key, path, body))
            await refused({401}, path, body, signed(bed, victim.key, path, body, method="PUT"))
            for nonce in ("short", "x" * 65, "0123456789abcde\u00e9", "0123456789 abcdef"):
                await refused(
                    {400, 401},
                    path,
                    body,
                    signed(bed, victim.key, path, body) | {NONCE: nonce.encode().decode("latin-1")},
                )
            for stamp in ("-1", "1e12", "99999999999999999999", "0", "abc"):
                await refused({400, 401}, path, body, signed(bed, victim.key, path, body) | {TIMESTAMP: stamp})
            for signature in ("", "0" * 128, "f" * 127, "F" * 128):
                await refused({401}, path, body, signed(bed, victim.key, path, body) | {SIGNATURE: signature or "x"})
            for node in ("0" * 64, "A" * 64, "0" * 63, "../" * 20):
                await refused({401}, path, body, signed(bed, victim.key, path, body) | {NODE: node})
            # somebody else's lease, by somebody who has joined
            thief = bed.node()
            await thief.join()
            said = await thief.submit(tasks[:1])
            attempts += 1
            assert said == {"taken": [], "refused": {tasks[0]["unit"]: "it is not lent to this node, or not any more"}}
            # a stranger, who signs well
            for path in SIGNED[1:]:
                attempts += 1
                status, _ = await bed.node().post(
                    path, {"action": "release", "node": victim.id} if "admin" in path else {}
                )
                assert status in (403, 422), path
            # whoever is no administrator
            for node in (victim, thief, bed.node()):
                attempts += 1
                status, said = await node.post("/v1/admin/nodes", {"action": "quarantine", "node": victim.id})
                assert (status, said["reason"]) == (403, "not_admin")
            # replayed
            headers = sign_request(victim.key, bed.pool, "POST", "/v1/submissions", body)
            assert (await raw(bed, "/v1/submissions", body, **headers))[0] == 200
            attempts += 1
            status, said = await raw(bed, "/v1/submissions", body, **headers)
            assert (status, json.loads(said)["reason"]) == (409, "replayed")
            # paths and methods
            for path in (
                "/../journal.sqlite",
                "/v1/../orchestrator.key",
                "/%2e%2e/orchestrator.key",
                "//etc/passwd",
                "/v1/leases/",
            ):
                attempts += 1
                assert (await raw(bed, path, method="GET"))[0] in (400, 404, 405, 307)
            for path in SIGNED:
                attempts += 1
                assert (await raw(bed, path, method="GET"))[0] == 405
            assert bed.state("accepted") + bed.state("pending") == 1
            assert (await victim.earned())["standing"] == "active"
            assert bed.failed == []
            return attempts

    with caplog.at_level(logging.DEBUG):
        assert asyncio.run(main()) >= 60
    assert admin._private.private_bytes_raw().hex() not in caplog.text


def test_after_a_restart_a_replay_is_still_one(tmp_path):
    async def main():
        key = NodeKey.generate()
        async with led_pool(tmp_path) as bed:
            await bed.node(key).join()
            headers = sign_request(key, bed.pool, "POST", "/v1/leases", b"{}")
            assert (await raw(bed, "/v1/leases", b"{}", **headers))[0] == 200
        async with led_pool(tmp_path) as bed:
            assert (await raw(bed, "/v1/leases", b"{}", **headers))[0] == 409

    asyncio.run(main())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"work": []}',
        b'{"work": 1}',
        b'{"work": [{}]}',
        b'{"work": [], "more": 1}',
        b"[" * 100_000,
        b'{"many": 1e400}',
        b'{"many": "8"}',
        b'{"many": true}',
        b'{"many": -1}',
        b'{"many": ' + b"9" * 5_000 + b"}",
        b'{"name": "' + b"x" * 100 + b'"}',
        b'{"name": "a\\u0000b"}',
        b'{"memory_bytes": 99999999999999999999}',
        b'{"node": "\\ud800"}',
    ],
)
def test_bodies_of_all_shapes_are_refused_in_one_line(tmp_path, body):
    async def main():
        async with led_pool(tmp_path) as bed:
            node = bed.node()
            await node.join()
            for path in SIGNED:
                status, said = await node.post(path, body)
                assert status in (200, 403, 409, 422), (path, status, said)
                if status != 200:
                    assert "\n" not in said["error"]
                    assert len(said["error"]) < 400
            assert bed.failed == []
            assert len(await node.lease(2)) == 2

    asyncio.run(main())


def test_a_body_that_is_too_large_is_not_kept(tmp_path):
    async def main():
        async with led_pool(tmp_path) as bed:
            node = bed.node()
            await node.join()
            status, said = await node.post("/v1/join", b" " * (BODY_BYTES + 1))
            assert (status, said["reason"]) == (413, "too_large")
            assert (await node.earned())["standing"] == "active"

    asyncio.run(main())


def test_too_many_requests_of_a_node_are_told_to_wait_and_others_are_not(tmp_path):
    async def main():
        async with led_pool(tmp_path, per_minute=20) as bed:
            loud, quiet = bed.node(), bed.node()
            await loud.join()
            await quiet.join()
            statuses = [(await loud.post("/v1/earned"))[0] for _ in range(30)]
            assert statuses.count(200) in (19, 20)
            assert set(statuses) == {200, 429}
            assert (await quiet.post("/v1/earned"))[0] == 200

    asyncio.run(main())


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_all_kinds_are_names(tmp_path, text):
    async def main():
        async with led_pool(tmp_path) as bed:
            node = bed.node()
            await node.join(name=text[:80], region=text[:80], device=text[:80])
        async with led_pool(tmp_path) as bed:
            record = bed.service.members.get(node.id)
            assert (record.member.name, record.member.region, record.member.device) == (text[:80],) * 3
            lines = (tmp_path / "runs/generate/t/ledger.jsonl").read_text().splitlines()
            assert json.loads(lines[0])["about"]["name"] == text[:80]

    asyncio.run(main())


def test_completions_of_all_kinds_are_kept_to_the_byte(tmp_path):
    texts = [*HOSTILE, "", "\x00\x01", "a\u2028b", "</think>" * 20, "\ufffd"]

    async def main():
        async with led_pool(tmp_path) as bed:
            node = bed.node()
            await node.join()
            tasks = [task for _ in range(2) for task in await node.lease(8)][: len(texts)]
            work = [work_of(task, text=text) for task, text in zip(tasks, texts, strict=True)]
            await node.ok("/v1/submissions", {"work": work})
            await bed.settled(len(texts))
            stored = bed.service.settling._journal.groups()
            assert sorted(r.rollout.completion.raw for group in stored for r in group.rollouts) == sorted(texts)

    asyncio.run(main())


def test_only_the_invited_join(tmp_path):
    guest = NodeKey.generate()

    async def main():
        async with led_pool(tmp_path, admission="invited", invited=[guest.node_id]) as bed:
            assert (await bed.node(guest).join())["standing"] == "active"
            status, said = await bed.node().post("/v1/join")
            assert (status, said["reason"]) == (403, "not_invited")

    asyncio.run(main())


def test_a_claim_of_any_memory_is_challenged_for_no_more_than_the_pool_wants(tmp_path):
    async def main():
        async with led_pool(
            tmp_path, challenge={"memory_bytes": 1 << 20, "commit_within_s": 5, "answer_within_s": 2}
        ) as bed:
            node = bed.node()
            said = await node.join(memory_bytes=1 << 50, device="everything")
            assert said["standing"] == "new"
            assert said["challenge"]["memory_bytes"] == 1 << 20
            assert (await node.post("/v1/leases"))[1]["reason"] == "not_challenged"
            status, said = await node.post("/v1/challenge/product", {"product": [1.0]})
            assert (status, said["reason"]) == (403, "challenge_failed")
            status, said = await node.post("/v1/challenge/commitment", {"rows": "0" * 64, "walk": "0" * 64})
            assert (status, said["reason"]) == (409, "no_challenge")
            said = await node.join(memory_bytes=1 << 50, device="everything")
            await node.ok("/v1/challenge/commitment", {"rows": "0" * 64, "walk": "0" * 64})
            status, said = await node.post("/v1/challenge/product", {"product": [0.5] * 295})
            assert (status, said["reason"]) == (403, "challenge_failed")

    asyncio.run(main())
