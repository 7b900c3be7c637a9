// The fork server for Node: loaded by `--require` before the program, and forked there (see node_fork_server.hpp).
//
// After `serve()` everything runs in a fork that is to become a program: as little as can be, and it has to look like a
// Node that was started with the program alone.
"use strict";

const { isMainThread } = require("worker_threads");

// What programs use is loaded, and run once so that V8 has it compiled: a fork has it then.
function warm() {
  const ours = ["assert", "buffer", "child_process", "crypto", "events", "fs/promises", "net", "os", "perf_hooks"];
  ours.push("readline", "readline/promises", "stream", "string_decoder", "timers/promises", "tty", "url", "util", "zlib");
  for (const name of ours) require(name);
  const fs = require("fs");
  const { PassThrough, Writable } = require("stream");
  const sink = new Writable({ decodeStrings: false, write: (chunk, encoding, done) => done() });
  const log = new console.Console({ stdout: sink, stderr: sink });
  log.log(1, "a", 1.5, 10n, true, null, undefined, [1, 2], [[1], ["a"]], { a: 1 }, new Map([[1, 2]]), new Set([1]));
  log.log("%s %d", "a", 1);
  log.log("a");
  log.error(new Error("a"));
  const lines = require("readline").createInterface({ input: new PassThrough(), crlfDelay: Infinity });
  lines.on("line", (line) => line);
  lines.on("close", () => undefined);
  lines.write("1 2\n3\n");
  lines.close();
  const source = new PassThrough();
  source.setEncoding("utf8");
  source.on("data", (text) => text);
  source.on("end", () => undefined);
  source.end("1 2\n");
  const nothing = fs.openSync("/dev/null", "r+");
  fs.readFileSync("/dev/null", "utf8");
  fs.readFileSync(nothing).toString().trim().split("\n");
  fs.readFileSync(nothing, "utf8");
  fs.readSync(nothing, Buffer.alloc(16), 0, 16, null);
  fs.writeSync(nothing, "a\n");
  fs.writeFileSync(nothing, "a\n");
  fs.closeSync(nothing);
  Buffer.concat([Buffer.from("1 2")]).toString("utf8").trim().split(/\s+/).map(Number);
  clearTimeout(setTimeout(() => undefined, 1));
  clearImmediate(setImmediate(() => undefined));
}

// What the program's own Node would not have had: our flags, and us. All that can be done before the fork is done there.
function hide() {
  const { defineProperty, getPrototypeOf } = Object;
  const constant = (value) => ({ value, enumerable: true, configurable: true, writable: false });
  defineProperty(process, "_preload_modules", constant([]));
  process.execArgv = process.execArgv.slice(0, -4);
  delete require.cache[__filename];
  delete require.cache[ADDON];
  const { performance } = globalThis;
  let { timeOrigin } = performance;
  defineProperty(getPrototypeOf(performance), "timeOrigin", {
    get: () => timeOrigin,
    enumerable: true,
    configurable: true,
  });
  const { random } = Math;
  const { setFlagsFromString } = require("v8");
  return ({ seed, pid, late }) => {
    defineProperty(process, "pid", constant(pid));
    timeOrigin += late;
    setFlagsFromString(`--random-seed=${seed}`);
    random(); // takes the seed
    setFlagsFromString("--random-seed=0");
  };
}

const ADDON = __filename.replace(/js$/, "node");

if (isMainThread) {
  const { serve, findExitCode } = require(ADDON);
  for (const code of [1987654321, 1234567892, 1357924683]) {
    process.exitCode = code;
    findExitCode(code);
  }
  process.exitCode = undefined;
  warm();
  const v8 = require("v8");
  v8.setFlagsFromString("--expose-gc");
  const collect = require("vm").runInNewContext("gc");
  v8.setFlagsFromString("--no-expose-gc");
  collect();
  collect();
  const become = hide();
  become(serve());
}
