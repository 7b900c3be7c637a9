"""JavaScript in a fork of a warm Node: the same as in a Node of its own, whatever it does, and with nothing shared."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic1.sandbox import Call, Limits, Program, open_sandbox
from synthetic1.sandbox.agent.job import Bounds
from synthetic1.sandbox.agent.launchers.launcher import Command
from synthetic1.sandbox.agent.launchers.warm_node import works
from synthetic1.sandbox.docker.engine import POOL_LABEL, connect_engine, engine_address
from synthetic1.sandbox.languages.javascript import plan

STDIN = "3\n1 2 3\nlast line\n"
LOOK = """\
const fs = require("fs");
const status = fs.readFileSync("/proc/self/status", "utf8").split("\\n");
const kept = /^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|SigBlk|SigCgt)/;
console.log(status.filter((line) => kept.test(line)).join("\\n"));
console.log(fs.readFileSync("/proc/self/limits", "utf8"), fs.readFileSync("/proc/self/oom_score_adj", "utf8"));
console.log(process.cwd(), process.argv, process.execArgv, process.execPath, process.title, process.umask());
console.log(process.env, process.getuid(), process.getgroups(), process.version, process.pid > 1, process.ppid > 0);
console.log(__filename, __dirname, require.main === module, module.id, module.parent, module.paths, module.children);
console.log(Object.keys(require.cache), this === module.exports, arguments.length, require.resolve.paths("x"));
console.log(Reflect.ownKeys(globalThis).map(String), Object.keys(process).sort());
for (const name of ["pid", "execArgv", "argv", "_preload_modules", "env", "exitCode"]) {
  const { value, ...rest } = Object.getOwnPropertyDescriptor(process, name);
  console.log(name, name === "pid" ? typeof value : value, rest);
}
console.log(process.eventNames(), process._getActiveHandles().length, process.getActiveResourcesInfo());
console.log(require("v8").getHeapStatistics().heap_size_limit, new Error("here").stack);
console.log(["gc", "serve"].map((name) => typeof globalThis[name]), require("vm").runInNewContext("typeof gc"));
console.log(process.exitCode, process.connected, process.channel, process.stdin.isTTY, process.stdout.isTTY);
console.log(fs.readlinkSync("/proc/self/cwd"), fs.readlinkSync("/proc/self/exe"), fs.readdirSync("."));
"""
TICKS = """\
const later = (ms, text) => new Promise((done) => setTimeout(() => { console.log(text); done(); }, ms));
setImmediate(() => {
  console.log("immediate");
  process.nextTick(console.log, "tick in immediate");
  Promise.resolve().then(() => console.log("promise in immediate"));
  setImmediate(() => later(30, "30 ms").then(() => later(0, "0 ms")).then(() => setImmediate(console.log, "last")));
});
process.nextTick(() => console.log("tick")); Promise.resolve().then(() => console.log("promise"));
queueMicrotask(() => console.log("microtask")); setTimeout(() => console.log("never"), 1e6).unref();
let n = 0; const every = setInterval(() => { if (++n === 3) { clearInterval(every); console.error("interval"); } }, 3);
(async () => { for (let i = 0; i < 3; i++) await new Promise((f) => setTimeout(f, 2)); console.error("slept"); })();
console.log("sync");
"""
LINES = "require('readline').createInterface({ input: process.stdin, crlfDelay: Infinity })"
RIGHT = {
    "readFileSync(0)": "console.log(require('fs').readFileSync(0, 'utf8').split('\\n'))",
    "/dev/stdin": "console.log(require('fs').readFileSync('/dev/stdin').toString())",
    "readSync": "const b = Buffer.alloc(2); let n, s = ''; const fs = require('fs');"
    "while ((n = fs.readSync(0, b, 0, 2, null)) > 0) s += b.toString('utf8', 0, n); console.log(s)",
    "readline": f"const a = []; {LINES}.on('line', (l) => a.push(l)).on('close', () => console.log(a))",
    "readline, asked": f"const r = {LINES}; r.question('? ', (n) => {{ console.log(+n + 1); r.close(); }})",
    "async iterator": f"(async () => {{ for await (const l of {LINES}) console.log(`<${{l}}>`); "
    f"console.log('end') }})()",
    "events": "let s = ''; process.stdin.setEncoding('utf8').on('data', (d) => (s += d)).on('end', "
    "() => console.log(s))",
    "readable": "process.stdin.on('readable', () => { let c; "
    "while ((c = process.stdin.read())) console.log(c.length) })",
    "pipe": "process.stdin.pipe(process.stdout)",
    "stream of a file": "require('fs').createReadStream('/dev/stdin').on('data', (d) => console.log(`${d}`))",
    "promises": "require('fs').promises.readFile('/dev/stdin', 'utf8').then(console.log)",
    "consumers": "require('stream/consumers').text(process.stdin).then(console.log)",
    "stdin is not read": "console.log(1)",
    "stdin is closed early": "process.stdin.once('data', () => { process.stdin.destroy(); console.log('enough') })",
    "timers": TICKS,
    "nothing": "",
    "a hash-bang": "#!/usr/bin/env node\nconsole.log(1)",
    "sloppy": "x = 1; var y = 010; with ({ z: 2 }) console.log(x, y, z, this === module.exports, typeof require)",
    "return at top level": "console.log(1); return; console.log(2)",
    "exit": "process.on('exit', (c) => console.log('exit', c)); setTimeout(console.log, 1e6); process.exit(0)",
    "exit code set back": "process.exitCode = 3; process.on('exit', () => { process.exitCode = 0; "
    "console.log('bye') })",
    "before exit": "let n = 0; process.on('beforeExit', () => { if (n++ < 3) setTimeout(console.log, 1, 'more', n) })",
    "exit in a promise": "Promise.resolve().then(() => process.exit(0)); setTimeout(console.log, 50, 'never')",
    "a pipe full, then exit": "process.stdout.write('x'.repeat(65536)); process.exit(0)",
    "much, and no exit": "for (let i = 0; i < 3e5; i++) console.log(i)",
    "stderr": "console.error('e', { a: [1] }); console.warn('w'); process.stderr.write('x'); process.emitWarning('hm')",
    "await at top level": "console.log(1); console.log(await Promise.resolve(2), import.meta.filename)",
    "written": "process.stdout.write('a', () => process.stdout.end('b')); process.stdout.on('finish', () => {})",
    "console": "console.table([[1, 2]]); console.group('g'); console.log('%s %d %o', 'a', 1.5, {}); "
    "console.dir({ a: 1 })",
    "caught": "process.on('uncaughtException', (e, o) => console.log(e.message, o)); setTimeout(console.log, "
    "5, 1); x.y",
    "rejection caught": "process.on('unhandledRejection', (e) => console.log('r', e)); Promise.reject(7)",
    "rejection caught late": "const p = Promise.reject(1); setImmediate(() => 1); p.catch(() => console.log('late'))",
    "signal handler": "process.on('SIGUSR2', () => { console.log('usr2'); process.exit(0) });"
    "setTimeout(() => process.kill(process.pid, 'SIGUSR2'), 5); setTimeout(() => {}, 1e6)",
    "deep": "const f = (n) => (n ? 1 + f(n - 1) : 0); console.log(f(1e5));"
    "try { (function g() { g() })() } catch (e) { console.log(e instanceof RangeError, e.message) }",
    "garbage": "let k = []; for (let i = 0; i < 3e6; i++) { k.push({ i, s: [i] }); if (k.length > 5e4) k = [] }"
    "console.log(k.length)",
    "hot": "let s = 0; for (let i = 0; i < 3e7; i++) s = (s * 31 + i) | 0; console.log(s);"
    "const a = Array.from({ length: 3e5 }, (_, i) => (i * 7919) % 300007).sort((x, y) => x - y); console.log(a[1234])",
    "big": "console.log((3n ** 2000n % 10n ** 50n).toString(), 'é漢'.repeat(3), [...'a😀'].length, "
    "/(\\w+) \\1/.exec('a a'))",
    "weak": "const r = new FinalizationRegistry(() => {}); r.register({}, 1); "
    "console.log(new WeakRef({}).deref() !== 1)",
    "typed": "const b = new SharedArrayBuffer(8); const v = new Int32Array(b); Atomics.add(v, 0, 5);"
    "console.log(v, Atomics.wait(v, 1, 0, 20), structuredClone(new Map([[1, { a: 1 }]])))",
    "async wait": "const v = new Int32Array(new SharedArrayBuffer(8));"
    "Atomics.waitAsync(v, 0, 0, 1000).value.then(console.log); setTimeout(() => Atomics.notify(v, 0), 5)",
    "files": "const fs = require('fs'); fs.writeFileSync('a', 'b'); fs.mkdirSync('d');"
    "console.log(fs.readdirSync('.'));"
    "fs.promises.readFile('a').then((x) => { console.log(`${x}`); fs.readFile('no', (e) => console.log(e.code)) });"
    "for (const p of ['../main.js', '/etc/x']) try { fs.writeFileSync(p, '') } catch (e) { console.log(e.code) }",
    "a file beside": "console.log(require('./more.js').a, require('../box/more').a, require('./data.json'))",
    "import()": "import('fs').then((m) => console.log(typeof m.readFileSync)); "
    "import('./more.js').then((m) => console.log(m.a))",
    "threads of libuv": "const z = require('zlib'), c = require('crypto'), fs = require('fs');"
    "z.gzip('a'.repeat(1e5), (e, b) => { console.log(b.length); c.pbkdf2('a', 'b', 9, 9, 'sha1', (e, k) => {"
    "console.log(k); fs.readFile('/etc/hostname', 'utf8', (e, t) => console.log(t.length > 0)) }) });"
    "for (let i = 0; i < 20; i++) c.scrypt('a', 'b', 9, { N: 64 }, () => 1)",
    "compute at exit": "process.on('exit', "
    "() => console.log(require('crypto').createHash('md5').update('a').digest('hex')))",
    "vm": "console.log(require('vm').runInNewContext('[1, 2].map((x) => x * y)', { y: 3 }), "
    "eval('1 + 1'), Function('return 3')())",
    "dates": "console.log(new Date(0).toString(), Intl.DateTimeFormat().resolvedOptions().timeZone, "
    "(12345.678).toLocaleString())",
    "clocks": "const t = performance.now(), h = process.hrtime.bigint(), d = Date.now(); setTimeout(() => {"
    "const near = (a, b) => Math.abs(a - b) < 2000; const p = performance.now() - t; console.log(p >= 29,"
    "near(p, Number(process.hrtime.bigint() - h) / 1e6), near(p, Date.now() - d), t > 0, process.uptime() < 60,"
    "near(performance.timeOrigin + performance.now(), Date.now()), process.cpuUsage().user < 5e6) }, 30)",
    "abort signal": "const c = new AbortController(); require('timers/promises').setTimeout(1e6, 0, c)"
    ".catch((e) => console.log(e.name)); setTimeout(() => c.abort(), 3)",
    "message channel": "const { port1, port2 } = new MessageChannel();"
    "port1.on('message', (m) => { console.log(m); port1.close() }); port2.postMessage({ a: 1 })",
    "a socket": "const net = require('net'); const s = net.createServer((c) => c.end('hello')).listen(0, "
    "'127.0.0.1', () =>"
    "net.connect(s.address().port).on('data', (d) => { console.log(`${d}`); s.close() }))",
    "getaddrinfo": "require('dns').lookup('127.0.0.1', (e, a) => console.log(e, a))",
    "hooks": "const { AsyncLocalStorage } = require('async_hooks'); const s = new AsyncLocalStorage();"
    "s.run(5, () => setTimeout(() => console.log(s.getStore()), 2))",
    "all that can be seen": LOOK,
}
"""What ends with exit code 0 in a Node of its own."""

# Words in pieces: else they would not be forked at all.
HIDDEN = {
    "a child": "const c = require('child_' + 'process'); console.log(c.execSync('echo hi').toString());"
    "c.spawn('cat', { stdio: ['pipe', 'inherit', 'inherit'] }).on('exit', "
    "(n) => console.log(n)).stdin.end('through\\n')",
    "another Node": "const c = require('child_' + 'process'); const n = c.spawnSync(process.execPath, ['-e', "
    "'console.log(1)']);"
    "console.log(n.status, `${n.stdout}`, `${n.stderr}`)",
    "a thread": "const { ['Wor' + 'ker']: W } = require('worker_' + 'threads');"
    "new W('require(\"worker_threads\").parentPort.postMessage(process.argv.length)', { eval: true })"
    ".on('message', (m) => console.log('said', m)).on('exit', (c) => console.log('ended', c))",
    "wasm": "const W = globalThis['Web' + 'Assembly']; const b = Uint8Array.from(["
    "0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11]);"
    "console.log(new W.Instance(new W.Module(b)).exports.add(2, 3));"
    "W.instantiate(b).then((m) => console.log(m.instance.exports.add(4, 5)))",
}

WRONG = {
    "throw": "console.log(1); throw new Error('boom')",
    "throw a string": "throw 'boom'",
    "throw later": "setTimeout(() => { null.x }, 5)",
    "throw in a function": "function a() { b() } function b() { c.d } a()",
    "rejection": "Promise.reject(new TypeError('no'))",
    "rejection of nothing": "(async () => { throw undefined })()",
    "does not parse": "let a = ;",
    "parses, and not later": "console.log(1); eval('let a = ;')",
    "exit code": "process.exitCode = 3",
    "exit code by a handler": "process.on('exit', () => { process.exitCode = 5 })",
    "exit": "console.log('a'); process.exit(9)",
    "large exit code": "process.exit(256 + 7)",
    "throw at exit": "process.on('exit', () => { throw new Error('late') })",
    "abort": "process.abort()",
    "SIGTERM": "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 1e6)",
    "SIGKILL": "process.kill(process.pid, 'SIGKILL'); for (;;);",
    "its whole group": "process.kill(0, 'SIGKILL')",
    "recursion": "(function f() { f() })()",
    "no module": "require('nothing')",
    "heap": "const a = []; for (;;) a.push(new Array(1000).fill(1.5))",
    "await": "console.log(1); await Promise.reject(new Error('no'))",
}
"""What ends otherwise."""


@pytest.fixture(scope="module")
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def run(sandbox_image, loop, tmp_path_factory):
    """Run a program on inputs, in forks and in Nodes of their own; the results of both, in pairs."""

    async def opened():
        return await open_sandbox("docker", slots=1, image=sandbox_image, cache=tmp_path_factory.mktemp("cache"))

    sandbox = loop.run_until_complete(opened())

    def both(source, *inputs, **limits):
        program = Program("javascript", source, files={"more.js": b"exports.a = 5", "data.json": b"[1]"})
        ran = [
            loop.run_until_complete(_all(sandbox, program, inputs or (STDIN,), Limits(**limits), fresh))
            for fresh in (False, True)
        ]
        return list(zip(*ran, strict=True))

    both.sandbox = sandbox
    both.forked = lambda source, *inputs, language="javascript", **limits: loop.run_until_complete(
        _all(sandbox, Program(language, source), inputs or (STDIN,), Limits(**limits), False)
    )
    yield both
    loop.run_until_complete(sandbox.aclose())


async def _all(sandbox, program, inputs, limits, fresh):
    return await sandbox.run(program, inputs, limits, fresh=fresh)


def shown(result):
    stderr = re.sub(rb"\(node:\d+\)", b"(node)", result.stderr)
    if b"interval" in stderr:  # two timers at once
        stderr = b"".join(sorted(stderr.splitlines(keepends=True)))
    return result.status, result.exit_code, result.signal, result.stdout, stderr, result.returned, result.why


@pytest.mark.parametrize("program", RIGHT.values(), ids=RIGHT)
def test_a_fork_is_like_a_node_of_its_own(run, program):
    for forked, fresh in run(program, STDIN, "", "x" * 200_000 + "\n"):
        assert shown(forked) == shown(fresh)
        assert (forked.interpreter, fresh.interpreter, fresh.status) == ("fork_server", "fresh", "ok")


@pytest.mark.parametrize("program", HIDDEN.values(), ids=HIDDEN)
def test_what_wants_more_than_a_fork_has_is_right_all_the_same(run, program):
    [(forked, fresh)] = run(program)
    assert shown(forked) == shown(fresh)
    assert fresh.status == "ok"


@pytest.mark.parametrize("program", WRONG.values(), ids=WRONG)
def test_a_failure_is_told_by_a_node_of_its_own(run, program):
    [(forked, fresh)] = run(program, memory_mb=256)
    assert forked.interpreter == "fresh"
    assert fresh.status != "ok"
    assert shown(forked)[:4] == shown(fresh)[:4]
    if fresh.signal is None and fresh.status == "runtime_error":
        assert forked.stderr == fresh.stderr


STEPS = {
    "log": "console.log(%d);",
    "tick": "process.nextTick(() => {%s});",
    "promise": "Promise.resolve().then(() => {%s});",
    "immediate": "setImmediate(() => {%s});",
    "await": "(async () => { await null; %s })();",
    "read": "require('fs').readFile('../main.js', () => {%s});",
    "caught": "try { null.x } catch (e) { console.log(e.message); %s }",
    "end": "process.on('exit', (c) => { console.log('exit', c); });",
    "leave": "process.exit(0);",
}


@st.composite
def programs(draw, depth=0, waits=True):
    """What is done in which order: one chain of callbacks, since Node itself leaves open which of two comes first."""
    text = ""
    for _ in range(draw(st.integers(1, 4))):
        kinds = ["log", "tick", "promise", "await", "caught", "end"]
        kind = draw(st.sampled_from(kinds if depth < 3 else ["log"]))
        step = STEPS[kind]
        if kind == "log":
            text += step % draw(st.integers(0, 99))
        else:
            text += step % draw(programs(depth + 1, waits=False)) if "%s" in step else step
    if not waits:
        return text
    last = draw(st.sampled_from(["immediate", "read", "leave", "log"]))
    if depth == 3 or last == "log":
        return text
    return text + (STEPS[last] % draw(programs(depth + 1)) if "%s" in STEPS[last] else STEPS[last])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(source=programs())
def test_any_program_does_the_same_in_the_same_order(run, source):
    [(forked, fresh)] = run(source)
    assert shown(forked) == shown(fresh)
    assert (forked.interpreter, fresh.status) == ("fork_server", "ok")


def test_calls(run):
    source = "let n = 0; const f = async (a, b) => { n++; await null; return [n, a.concat(b), typeof require] }"
    ran = run(source, *(Call("f", [[i], [i + 1]]) for i in range(4)))
    for i, (forked, fresh) in enumerate(ran):
        assert shown(forked) == shown(fresh)
        assert (forked.returned.replace(" ", ""), forked.interpreter) == (
            f'[1,[{i},{i + 1}],"function"]',
            "fork_server",
        )


def test_each_input_draws_its_own_random_numbers(run):
    source = (
        "const c = require('crypto'); console.log(Math.random(), Math.random(), c.randomUUID(), "
        "c.randomBytes(8).toString("
        "'hex'), c.randomInt(1e12), crypto.getRandomValues(new Uint32Array(2)).join(), process.pid)"
    )
    drawn = [result.stdout.decode().split() for _ in range(2) for result in run.forked(source, *[""] * 10)]
    for column in zip(*drawn, strict=True):
        assert len(set(column)) == len(drawn)
    numbers = [float(number) for one in drawn for number in one[:2]]
    assert all(0 <= number < 1 for number in numbers)
    assert 0.2 < sum(numbers) / len(numbers) < 0.8


def test_nothing_is_left_for_the_next_input_or_program(run):
    source = """
const fs = require("fs");
console.log(typeof globalThis.left, [].left, process.env.LEFT, fs.left, fs.readdirSync("."), typeof Math.left);
console.log(fs.readdirSync("/tmp"), Object.keys(require.cache).length, process.listenerCount("exit"));
globalThis.left = Math.left = require("fs").left = Array.prototype.left = process.env.LEFT = "left";
Function.prototype.call = Array.prototype.push = JSON.parse = () => "left";
fs.writeFileSync("left", "left"); fs.writeFileSync("/tmp/left", "left"); process.chdir("/"); process.umask(0o777);
process.on("exit", () => 1); process.title = "left";
"""
    first, *others = [result for _ in range(2) for result in run.forked(source, *[""] * 3)]
    assert first.status == "ok"
    assert {(result.stdout, result.interpreter) for result in (first, *others)} == {(first.stdout, "fork_server")}


def test_the_fork_server_is_out_of_reach(run):
    """Its memory, its descriptors, its socket; and the addon serves nobody a second time."""
    source = """
const fs = require("fs");
const links = fs.readdirSync("/proc/self/fd").filter((n) => n > 2).map((n) => {
  try { return fs.readlinkSync(`/proc/self/fd/${n}`); } catch { return ""; }
});
console.log(links.filter((link) => /socket|agent/.test(link)));
for (const file of ["mem", "maps", "environ", "fd", "fd/3"]) {
  try { fs.openSync(`/proc/${process.ppid}/${file}`, "r+"); console.log("opened", file); } catch {}
  try { fs.readdirSync(`/proc/${process.ppid}/${file}`); console.log("listed", file); } catch {}
}
for (const signal of ["SIGKILL", "SIGSTOP", 0]) {
  try { process.kill(process.ppid, signal); console.log("signalled"); } catch (error) { console.log(error.code); }
}
for (let n = 3; n < 64; n++) try { fs.writeSync(n, "xxxxxxxx"); } catch {}
const folder = "/opt/agent/launchers/";
const name = fs.readdirSync(folder).find((one) => one.endsWith(".node"));
const addon = require(folder + name);
console.log(addon.serve(), addon.findExitCode(0), process.getuid() >= 20000);
try { process.setuid(0); console.log("root"); } catch (error) { console.log(error.code); }
console.log(typeof require(folder + name.replace(/node$/, "js")));
"""
    expected = "[]\nEPERM\nEPERM\nEPERM\nundefined undefined true\nEPERM\n"
    results = run.forked(source.replace("console.log(typeof require(folder", "(() => 0)(typeof (folder"), "", "")
    for result in results:
        assert (result.stdout.decode(), result.interpreter) == (expected, "fork_server"), result
    run.forked(source, "")  # whatever comes of it
    (after,) = run.forked("console.log(1)", "")
    assert (after.stdout, after.interpreter) == (b"1\n", "fork_server")


@pytest.mark.parametrize(
    ("source", "limits", "status"),
    [
        ("for (;;);", {"cpu_s": 0.5, "wall_s": 20}, "time_limit"),
        ("setTimeout(() => {}, 1e6)", {"cpu_s": 5, "wall_s": 1.5}, "time_limit"),
        ("const a = []; for (;;) a.push(Buffer.alloc(1 << 22, 1))", {"memory_mb": 128}, "memory_limit"),
    ],
)
def test_a_limit_met_in_a_fork_is_met_in_a_node_of_its_own(run, source, limits, status):
    """Once a program: what follows runs in one at once. The next program is forked again."""
    results = run.forked(source, "", "", **limits)
    assert [(result.status, result.interpreter) for result in results] == [(status, "fresh")] * 2
    (after,) = run.forked("console.log(1)", "")
    assert (after.status, after.interpreter) == ("ok", "fork_server")


def test_too_much_output_ends_a_fork(run):
    (result,) = run.forked("for (;;) console.log('x'.repeat(1000))", stdout_bytes=10_000)
    assert (result.status, result.interpreter) == ("output_limit", "fork_server")


def test_a_fork_may_use_the_memory_that_a_node_of_its_own_may(run):
    for megabytes, status in ((100, "ok"), (400, "memory_limit")):
        source = f"const a = []; while (a.length < {megabytes}) a.push(Buffer.alloc(1 << 20, 1)); console.log(a.length)"
        [(forked, fresh)] = run(source, memory_mb=256)
        assert (forked.status, fresh.status) == (status, status)


def test_two_languages_in_turn_keep_their_servers(run):
    for _ in range(3):
        for language, source in (("python", "print(1)"), ("javascript", "console.log(1)")):
            (result,) = run.forked(source, language=language)
            assert (result.stdout, result.interpreter) == (b"1\n", "fork_server")


def test_modules_run_in_a_node_of_their_own(run):
    (result,) = run.forked("import fs from 'fs'\nconsole.log(await 1, typeof fs.readFileSync)")
    assert (result.stdout, result.interpreter) == (b"1 function\n", "fresh")


@pytest.mark.parametrize("word", ["require('worker_threads')", "child_process", "new Worker(", "WebAssembly.compile"])
def test_what_wants_threads_or_processes_is_not_forked(word):
    assert not plan(word).fork_server
    assert plan("console.log('workers')").fork_server


def inside(engine, container, source):
    made = engine.exec_create(container, ["python3", "-c", source], user="0:0")
    return engine.exec_start(made["Id"]).decode()


SERVERS = """\
import os
for pid in filter(str.isdecimal, os.listdir("/proc")):
    try: line = open(f"/proc/{pid}/cmdline").read()
    except OSError: continue
    if "node_fork_server.js" in line and os.stat(f"/proc/{pid}").st_uid == 0: print(pid, end=" ")
    elif line.startswith("/usr/local/bin/node"): print("program", pid, end=" ")
"""


async def test_a_server_that_dies_is_replaced_and_nothing_is_left(sandbox_image, tmp_path):
    engine = connect_engine(engine_address())
    async with open_sandbox("docker", slots=1, image=sandbox_image, cache=tmp_path) as sandbox:
        one = Program("javascript", "console.log(1)")
        (result,) = await sandbox.run(one, [""])
        assert result.interpreter == "fork_server"
        label = f"{POOL_LABEL}={sandbox.backend._engine.labels[POOL_LABEL]}"
        (container,) = engine.containers(filters={"label": label})
        slow = Program("javascript", "console.log(1); setTimeout(() => console.log(2), 3000)")
        running = asyncio.create_task(_all(sandbox, slow, [""], Limits(), False))
        await asyncio.sleep(1)
        server = inside(engine, container["Id"], SERVERS).split()[0]
        inside(engine, container["Id"], f"import os; os.kill({server}, 9)")
        (result,) = await running
        assert (result.status, result.stdout, result.interpreter) == ("ok", b"1\n2\n", "fresh")
        results = [(await sandbox.run(one, [""]))[0] for _ in range(2)]  # the first one finds that it is gone
        assert (results[1].stdout, results[1].interpreter) == (b"1\n", "fork_server")
        assert inside(engine, container["Id"], SERVERS).split() not in ([], [server])
        endless = Program("javascript", "console.log(1); setInterval(() => {}, 1000)")
        running = asyncio.create_task(_all(sandbox, endless, ["", ""], Limits(), False))
        await asyncio.sleep(1)
        assert "program" in inside(engine, container["Id"], SERVERS)
        running.cancel()  # left in the middle
        with pytest.raises(asyncio.CancelledError):
            await running
        (result,) = await sandbox.run(one, [""])
        assert (result.stdout, result.interpreter) == (b"1\n", "fork_server")
        assert "program" not in inside(engine, container["Id"], SERVERS)


async def test_without_the_native_half_every_node_is_fresh(tmp_path, require):
    import shutil

    require("node", shutil.which("node"), "apt-get install nodejs")
    async with open_sandbox("subprocess", unsafe=True, slots=1, cache=tmp_path) as sandbox:
        results = await sandbox.run(Program("javascript", "console.log(1)"), ["", ""])
        assert [(result.stdout, result.interpreter) for result in results] == [(b"1\n", "fresh")] * 2


FAKE = """\
import os, socket, struct, sys
control = socket.socket(fileno=3)
control.send(b"ready")
message, (connection,), *_ = socket.recv_fds(control, 4096, 1)
connection = socket.socket(fileno=connection)
connection.send(struct.pack("=?i", True, os.getpid()))
for number in range(2):
    word, (stdin, stdout, stderr), *_ = socket.recv_fds(connection, 16, 3)
    os.write(stdout, f"{first}\\n{second}\\n".encode())
    for one in (stdin, stdout, stderr): os.close(one)
    connection.send(struct.pack("=idq", code << 8, 0.0, 0))
"""
RIGHT_LINE = "a b child immediate pool promise sync tick timer true"


@pytest.mark.parametrize(
    ("first", "second", "code", "expected"),
    [
        (repr(RIGHT_LINE), "os.urandom(4).hex()", 7, True),
        (repr(RIGHT_LINE.replace("tick ", "")), "os.urandom(4).hex()", 7, False),
        (repr(RIGHT_LINE), "'always the same'", 7, False),
        (repr(RIGHT_LINE), "os.urandom(4).hex()", 0, False),
        ("exit()", "1", 0, False),
    ],
)
def test_the_self_test_tells_a_node_that_cannot_be_forked(tmp_path, first, second, code, expected):
    def fork(child):
        import os

        if (pid := os.fork()) == 0:
            try:
                child()
            finally:
                os._exit(127)
        return pid

    node = tmp_path / "node"
    made = FAKE.replace("{first}", f"{{{first}}}").replace("{second}", f"{{{second}}}").replace("code <<", f"{code} <<")
    node.write_text(f"#!{sys.executable}\n{made}")
    node.chmod(0o755)
    bounds = Bounds(1.0, 1.0, 1, 1, 1, 1, 1, 1)
    assert works(Command([str(node), "../main.js"], str(tmp_path), {}, bounds), "cgroup", None, fork) is expected
