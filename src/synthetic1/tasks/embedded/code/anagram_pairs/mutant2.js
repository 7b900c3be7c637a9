function anagram_pairs(words) {
  const seen = new Map();
  let pairs = 0;
  for (const word of words) {
    const key = [...word].sort().join("");
    pairs += seen.get(key) || 0;
    seen.set(key, (seen.get(key) || 0) + 1);
  }
  return pairs;
}
