function spiral(field) {
  const walk = [];
  let [top, bottom, left, right] = [0, field.length - 1, 0, field[0].length - 1];
  while (top <= bottom && left <= right) {
    for (let c = left; c <= right; c++) walk.push(field[top][c]);
    top++;
    for (let r = top; r <= bottom; r++) walk.push(field[r][right]);
    right--;
    for (let c = right; c >= left; c--) walk.push(field[bottom][c]);
    bottom--;
    for (let r = bottom; r >= top; r--) walk.push(field[r][left]);
    left++;
  }
  return walk;
}
