fn value(row: usize) -> usize {
    let mut reached = Vec::new();
    for pins in 1..=row.min(2) {
        for i in 0..=(row - pins) / 2 {
            reached.push(value(i) ^ value(row - pins - i));
        }
    }
    (0..).find(|number| !reached.contains(number)).unwrap()
}

fn winning_moves(rows: Vec<usize>) -> usize {
    let whole = rows.iter().fold(0, |sum, &row| sum ^ value(row));
    let mut moves = 0;
    for &row in &rows {
        for pins in 1..=row.min(2) {
            for i in 0..=row - pins {
                if whole ^ value(row) ^ value(i) ^ value(row - pins - i) == 0 {
                    moves += 1;
                }
            }
        }
    }
    moves
}
