function kth_arrangement(letters, k) {
  const left = new Map();
  for (const letter of [...letters].sort()) left.set(letter, (left.get(letter) || 0) + 1);

  // 18! is below 2^53, so plain numbers are exact here.
  const factorial = (n) => (n <= 1 ? 1 : n * factorial(n - 1));
  const arrangements = () => {
    const counts = [...left.values()];
    const total = counts.reduce((a, b) => a + b, 0);
    return counts.reduce((result, count) => result / factorial(count), factorial(total));
  };

  if (k > arrangements()) return "";
  let result = "";
  while (result.length < letters.length) {
    for (const [letter, count] of left) {
      if (count === 0) continue;
      left.set(letter, count - 1);
      const beginningSo = arrangements();
      if (k <= beginningSo) {
        result += letter;
        break;
      }
      k -= beginningSo;
      left.set(letter, count);
    }
  }
  return result;
}
