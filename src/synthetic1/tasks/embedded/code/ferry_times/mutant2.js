const numbers = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);
const [n, m, start] = numbers;
const ferries = Array.from({ length: n + 1 }, () => []);
for (let i = 3; i < 3 + 4 * m; i += 4) {
  ferries[numbers[i]].push(numbers.slice(i + 1, i + 4));
  ferries[numbers[i + 1]].push([numbers[i], numbers[i + 2], numbers[i + 3]]);
}

const heap = []; // pairs [minute, island], the earliest on top
function push(pair) {
  let i = heap.push(pair) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent][0] <= heap[i][0]) break;
    [heap[parent], heap[i]] = [heap[i], heap[parent]];
    i = parent;
  }
}
function pop() {
  const top = heap[0];
  const last = heap.pop();
  if (heap.length > 0) {
    heap[0] = last;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1][0] < heap[child][0]) child++;
      if (heap[i][0] <= heap[child][0]) break;
      [heap[i], heap[child]] = [heap[child], heap[i]];
      i = child;
    }
  }
  return top;
}

const arrival = new Array(n + 1).fill(Infinity);
arrival[1] = start;
push([start, 1]);
while (heap.length > 0) {
  const [now, island] = pop();
  if (now > arrival[island]) continue;
  for (const [other, period, duration] of ferries[island]) {
    const wait = (period - (now % period)) % period;
    const then = now + wait + duration;
    if (then < arrival[other]) {
      arrival[other] = then;
      push([then, other]);
    }
  }
}
console.log(arrival[n] === Infinity ? "never" : String(arrival[n]));
