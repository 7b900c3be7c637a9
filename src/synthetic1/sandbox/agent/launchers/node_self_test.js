// What a fork of Node has to get right before it may run programs: run twice, by `warm_node.py`, with two lines of input.
// The first line that it writes must be `warm_node._EXPECTED`, the second another one each time; its exit code is 7.
"use strict";

const started = performance.now();
const { pid, argv, execArgv } = process;
const seen = [];
const see = (name) => seen.push(name);

process.on("exit", () => {
  const own = Number(require("fs").readlinkSync("/proc/self"));
  const clock = Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 1000;
  const plain = pid === own && argv.length === 2 && execArgv.every((flag) => !/require|single/.test(flag)) && clock;
  const main = require.main === module && __filename === argv[1] && Object.keys(require.cache).length === 1;
  see(plain && main && started > 0 && performance.now() >= started);
  const text = `${seen.sort().join(" ")}\n${Math.random()} ${require("crypto").randomUUID()}\n`;
  require("fs").writeSync(1, text);
  process.exitCode = 7;
});

setTimeout(see, 2, "timer");
setImmediate(see, "immediate");
process.nextTick(see, "tick");
Promise.resolve("promise").then(see);
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", see)
  .on("close", () => {
    require("fs").readFile(__filename, (error) => see(error === null && "pool"));
    require("child_process").exec("echo child", (error, out) => setTimeout(see, 20, out.trim()));
  });
see("sync");
