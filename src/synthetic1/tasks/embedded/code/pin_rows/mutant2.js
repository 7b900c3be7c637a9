function winning_moves(rows) {
  const value = [0];
  for (let row = 1; row <= Math.max(...rows); row++) {
    const reached = new Set();
    for (const pins of [1, 2]) {
      for (let i = 0; i + pins <= row; i++) reached.add(value[i] ^ value[row - pins - i]);
    }
    let least = 0;
    while (reached.has(least)) least++;
    value.push(least);
  }
  const whole = rows.reduce((sum, row) => sum ^ value[row], 0);
  let moves = 0;
  for (const row of rows) {
    for (const pins of [1, 2]) {
      for (let i = 0; 2 * i + pins <= row; i++) {
        // the mirrored moves are forgotten
        if ((value[i] ^ value[row - pins - i] ^ value[row] ^ whole) === 0) moves++;
      }
    }
  }
  return moves;
}
