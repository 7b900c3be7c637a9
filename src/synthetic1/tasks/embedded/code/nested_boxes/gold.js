function nest_size(boxes) {
  const turned = boxes.map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
  turned.sort((p, q) => p[0] - q[0] || q[1] - p[1]);
  const ends = []; // ends[k]: the smallest long side at the end of a nest of k + 1 boxes
  for (const [, long] of turned) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] < long) low = middle + 1;
      else high = middle;
    }
    ends[low] = long;
  }
  return ends.length;
}
