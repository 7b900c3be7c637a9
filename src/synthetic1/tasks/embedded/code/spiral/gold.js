function spiral(field) {
  const walk = [];
  let top = 0;
  let bottom = field.length - 1;
  let left = 0;
  let right = field[0].length - 1;
  while (top <= bottom && left <= right) {
    for (let c = left; c <= right; c++) walk.push(field[top][c]);
    for (let r = top + 1; r <= bottom; r++) walk.push(field[r][right]);
    if (top < bottom) for (let c = right - 1; c >= left; c--) walk.push(field[bottom][c]);
    if (left < right) for (let r = bottom - 1; r > top; r--) walk.push(field[r][left]);
    top++;
    bottom--;
    left++;
    right--;
  }
  return walk;
}
