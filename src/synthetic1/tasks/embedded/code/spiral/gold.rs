fn spiral(field: Vec<Vec<i32>>) -> Vec<i32> {
    let (mut top, mut left) = (0, 0);
    let (mut bottom, mut right) = (field.len(), field[0].len());
    let mut walk = Vec::new();
    while top < bottom && left < right {
        walk.extend_from_slice(&field[top][left..right]);
        for row in top + 1..bottom {
            walk.push(field[row][right - 1]);
        }
        if bottom - top > 1 {
            walk.extend(field[bottom - 1][left..right - 1].iter().rev());
        }
        if right - left > 1 {
            for row in (top + 1..bottom - 1).rev() {
                walk.push(field[row][left]);
            }
        }
        top += 1;
        left += 1;
        bottom -= 1;
        right -= 1;
    }
    walk
}
