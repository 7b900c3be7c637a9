use std::collections::HashSet;

/// Grundy numbers of what each move in a row leaves of it.
fn left(value: &[usize], row: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for pins in 1..=row.min(2) {
        for i in 0..=row - pins {
            found.push(value[i] ^ value[row - pins - i]);
        }
    }
    found
}

fn winning_moves(rows: Vec<usize>) -> usize {
    let longest = *rows.iter().max().unwrap();
    let mut value = vec![0]; // the Grundy number of a row
    for row in 1..=longest {
        let reached: HashSet<usize> = left(&value, row).into_iter().collect();
        value.push((0..).find(|number| !reached.contains(number)).unwrap());
    }
    let whole = rows.iter().fold(0, |sum, &row| sum ^ value[row]);
    let wins = |row: usize| left(&value, row).iter().filter(|&&after| whole ^ value[row] == after).count();
    rows.iter().map(|&row| wins(row)).sum()
}
