function nth_balanced(n, k) {
  // ways[left][depth]: how many completions of `left` characters close `depth` brackets
  const ways = [[1, ...new Array(2 * n + 1).fill(0)]];
  for (let left = 1; left <= 2 * n; left++) {
    const before = ways[left - 1];
    ways.push(before.map((_, depth) => (before[depth + 1] || 0) + (before[depth - 1] || 0)));
  }
  if (k >= ways[2 * n][0]) return "";
  let sequence = "";
  let depth = 0;
  for (let left = 2 * n - 1; left >= 0; left--) {
    const opening = ways[left][depth + 1];
    if (k < opening) {
      sequence += "(";
      depth++;
    } else {
      k -= opening;
      sequence += ")";
      depth--;
    }
  }
  return sequence;
}
