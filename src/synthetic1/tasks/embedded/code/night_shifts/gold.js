const numbers = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
let at = 0;
const next = () => numbers[at++];
const [w, s, m] = [next(), next(), next()];
const source = 0;
const sink = w + s + 1;
const edges = []; // an edge and its reverse stand side by side

function add(from, to, room, cost) {
  edges.push({ from, to, room, cost }, { from: to, to: from, room: 0, cost: -cost });
}

for (let nurse = 1; nurse <= w; nurse++) add(source, nurse, next(), 0);
for (let shift = 1; shift <= s; shift++) add(w + shift, sink, next(), 0);
for (let i = 0; i < m; i++) add(next(), w + next(), 1, next());

/** Bellman and Ford: by which edge the cheapest way comes to each node. */
function cheapest() {
  const price = new Array(sink + 1).fill(Infinity);
  const edgeTo = new Array(sink + 1).fill(-1);
  price[source] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    edges.forEach(({ from, to, room, cost }, i) => {
      if (room > 0 && price[from] + cost < price[to]) {
        price[to] = price[from] + cost;
        edgeTo[to] = i;
        changed = true;
      }
    });
  }
  return edgeTo;
}

let filled = 0;
let total = 0;
for (let edgeTo = cheapest(); edgeTo[sink] >= 0; edgeTo = cheapest()) {
  for (let node = sink; node !== source; node = edges[edgeTo[node]].from) {
    edges[edgeTo[node]].room--;
    edges[edgeTo[node] ^ 1].room++;
    total += edges[edgeTo[node]].cost;
  }
  filled++;
}
console.log(filled, total);
