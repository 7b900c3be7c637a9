function close_pairs(moments, d) {
  const ordered = [...moments].sort();
  let first = 0;
  let pairs = 0;
  ordered.forEach((moment, last) => {
    while (moment - ordered[first] > d) first++;
    pairs += last - first;
  });
  return pairs;
}
