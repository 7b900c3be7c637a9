function shortest_round(minutes) {
  const n = minutes.length;
  if (n === 1) return 0;
  const known = new Map();

  /** The fastest way from `here` over all customers of the set `left` (a bit mask) to the depot. */
  function rest(here, left) {
    if (left === 0) return minutes[here][0];
    const key = left * n + here;
    if (known.has(key)) return known.get(key);
    let least = Infinity;
    for (let i = 1; i < n; i++) {
      if (left & (1 << i)) least = Math.min(least, minutes[here][i] + rest(i, left & ~(1 << i)));
    }
    known.set(key, least);
    return least;
  }

  return rest(0, (1 << n) - 2);
}
