function lonely_numbers(log) {
  // The bit operators of numbers see 32 bits only, so this works on BigInt.
  const numbers = log.map(BigInt);
  const both = numbers.reduce((a, b) => a ^ b, 0n);
  const bit = both & -both;
  const one = numbers.filter((number) => number & bit).reduce((a, b) => a ^ b, 0n);
  return [Number(one), Number(one ^ both)].sort((a, b) => a - b);
}
