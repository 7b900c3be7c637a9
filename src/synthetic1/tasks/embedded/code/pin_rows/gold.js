function winning_moves(rows) {
  const value = [0]; // the Grundy number of a row

  /** Grundy numbers of what each move in a row leaves of it. */
  function left(row) {
    const found = [];
    for (const pins of [1, 2]) {
      for (let i = 0; i + pins <= row; i++) found.push(value[i] ^ value[row - pins - i]);
    }
    return found;
  }

  for (let row = 1; row <= Math.max(...rows); row++) {
    const reached = new Set(left(row));
    let least = 0;
    while (reached.has(least)) least++;
    value.push(least);
  }
  const whole = rows.reduce((sum, row) => sum ^ value[row], 0);
  let moves = 0;
  for (const row of rows) {
    // A move wins if it leaves 0.
    for (const after of left(row)) if ((whole ^ value[row] ^ after) === 0) moves++;
  }
  return moves;
}
