function last_chair(n, k) {
  if (k === 1) return n;
  let [place, size] = [0, 1];
  while (size < n) {
    const steps = Math.floor((size - 1 - place) / (k - 1));
    if (steps > 0) {
      place += steps * k;
      size += steps;
    } else {
      size += 1;
      place = (place + k) % size;
    }
  }
  return place + 1;
}
