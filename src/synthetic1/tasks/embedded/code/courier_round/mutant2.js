function shortest_round(minutes) {
  const left = new Set(minutes.keys());
  left.delete(0);
  let here = 0;
  let total = 0;
  while (left.size > 0) {
    let next = -1;
    for (const place of left) if (next < 0 || minutes[here][place] < minutes[here][next]) next = place;
    total += minutes[here][next];
    left.delete(next);
    here = next;
  }
  return total + minutes[here][0];
}
