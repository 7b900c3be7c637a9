const [n, m, ...ends] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const roads = Array.from({ length: n + 1 }, () => []);
for (let i = 0; i < m; i++) {
  roads[ends[2 * i]].push(i);
  roads[ends[2 * i + 1]].push(i);
}

function trip() {
  const odd = roads.map((_, crossing) => crossing).filter((crossing) => roads[crossing].length % 2 === 1);
  if (odd.length > 2) return [];
  const cleared = new Array(m).fill(false);
  const next = new Array(n + 1).fill(0); // how many roads of a crossing have been looked at
  const stack = [odd.length > 0 ? odd[1] : ends[0]];
  const result = [];
  while (stack.length > 0) {
    const here = stack[stack.length - 1];
    if (next[here] === roads[here].length) break;
    const road = roads[here][next[here]++];
    if (cleared[road]) continue;
    cleared[road] = true;
    stack.push(ends[2 * road] + ends[2 * road + 1] - here);
  }
  return stack;
}

const found = trip();
console.log(found.length === m + 1 ? found.join(" ") : "impossible");
