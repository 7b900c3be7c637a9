function anagram_pairs(words) {
  const seen = new Map();
  let pairs = 0;
  for (const word of words) {
    const key = [...word.toLowerCase()].sort().join("");
    const before = seen.get(key) || 0;
    pairs += before;
    seen.set(key, before + 1);
  }
  return pairs;
}
