function kth_arrangement(letters, k) {
  const left = [...letters].sort();
  const factorial = (n) => (n <= 1 ? 1 : n * factorial(n - 1));
  if (k > factorial(left.length)) return "";
  k -= 1;
  let result = "";
  while (left.length > 0) {
    const size = factorial(left.length - 1);
    result += left.splice(Math.floor(k / size), 1)[0];
    k %= size;
  }
  return result;
}
