const text = require("fs").readFileSync(0, "utf8").trim();
const n = text.length;

// The beginnings of all suffixes, in alphabetical order: by 1, 2, 4, … letters.
function suffixArray() {
  let rank = Array.from(text, (letter) => letter.charCodeAt(0));
  const order = rank.map((_, i) => i);
  for (let width = 1; ; width *= 2) {
    const keys = rank.map((r, i) => r * (n + 200) + (i + width < n ? rank[i + width] + 1 : 0));
    order.sort((a, b) => keys[a] - keys[b]);
    rank = new Array(n).fill(0);
    for (let i = 1; i < n; i++) {
      rank[order[i]] = rank[order[i - 1]] + (keys[order[i]] !== keys[order[i - 1]] ? 1 : 0);
    }
    if (rank[order[n - 1]] === n - 1) return order;
  }
}

// For each suffix in the order, how many letters it shares with the one before it.
function commonPrefixes(order) {
  const place = new Array(n);
  order.forEach((suffix, index) => (place[suffix] = index));
  const shared = new Array(n).fill(0);
  let length = 0;
  for (let suffix = 0; suffix < n; suffix++) {
    if (place[suffix] === 0) {
      length = 0;
      continue;
    }
    const other = order[place[suffix] - 1];
    while (Math.max(suffix, other) + length < n && text[suffix + length] === text[other + length]) length++;
    shared[place[suffix]] = length;
    length = Math.max(0, length - 1);
  }
  return shared;
}

const order = suffixArray();
const shared = commonPrefixes(order);

// Where the first motif of this length in alphabetical order stands, or -1.
function motif(length) {
  let found = -1;
  let first = order[0];
  let last = order[0];
  for (let i = 1; i < n; i++) {
    if (shared[i] < length) {
      first = last = order[i];
      continue;
    }
    first = Math.min(first, order[i]);
    last = Math.max(last, order[i]);
    if (last - first >= length && (found < 0 || first < found)) found = first;
  }
  return found;
}

let low = 0;
let high = n >> 1;
while (low < high) {
  const middle = (low + high + 1) >> 1;
  if (motif(middle) < 0) high = middle - 1;
  else low = middle;
}
console.log(String(low));
if (low > 0) {
  const at = motif(low);
  console.log(text.slice(at, at + low));
}
