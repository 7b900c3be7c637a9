const numbers = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const [n, q] = numbers;
// A change of a whole block stays at its node: `highest` counts it in, the nodes below do not.
const change = new Float64Array(4 * n);
const highest = new Float64Array(4 * n);

function add(node, low, high, l, r, v) {
  if (l <= low && high <= r) {
    change[node] += v;
    highest[node] += v;
    return;
  }
  const middle = (low + high) >> 1;
  if (l <= middle) add(2 * node, low, middle, l, r, v);
  if (r > middle) add(2 * node + 1, middle + 1, high, l, r, v);
  highest[node] = change[node] + Math.max(highest[2 * node], highest[2 * node + 1]);
}

function ask(node, low, high, l, r) {
  if (l <= low && high <= r) return highest[node];
  const middle = (low + high) >> 1;
  let found = -Infinity;
  if (l <= middle) found = Math.max(found, ask(2 * node, low, middle, l, r));
  if (r > middle) found = Math.max(found, ask(2 * node + 1, middle + 1, high, l, r));
  return found;
}

let at = 2;
const answers = [];
for (let i = 0; i < q; i++) {
  const [kind, l, r, v] = numbers.slice(at, at + 4);
  if (kind === 1) {
    add(1, 1, n, l, r, v);
    at += 4;
  } else {
    answers.push(ask(1, 1, n, l, r));
    at += 3;
  }
}
console.log(answers.join("\n"));
