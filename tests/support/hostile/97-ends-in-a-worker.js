// Its threads write to its output for ever, in an interpreter that they do not let end.
//
// verdict = ["output_limit", "time_limit", "memory_limit"]
// time_limit_s = 4.0

const { Worker, isMainThread } = require("worker_threads");
const fs = require("fs");

if (isMainThread) {
  for (let i = 0; i < 4; i++) new Worker(__filename);
  process.on("exit", () => { for (;;) fs.writeSync(1, "x".repeat(65536)); });
}
for (;;) {
  try {
    fs.writeSync(1, "x".repeat(65536));
  } catch {}
}
