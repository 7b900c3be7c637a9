function lonely_numbers(log) {
  const both = log.reduce((a, b) => a ^ b, 0);
  const bit = both & -both;
  const one = log.filter((number) => number & bit).reduce((a, b) => a ^ b, 0);
  return [one, one ^ both].sort((a, b) => a - b);
}
