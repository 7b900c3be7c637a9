fn kth_arrangement(letters: String, k: i64) -> String {
    let mut row: Vec<u8> = letters.into_bytes();
    row.sort();
    for _ in 1..k {
        // the next arrangement in alphabetical order
        let i = match (1..row.len()).rev().find(|&i| row[i - 1] < row[i]) {
            Some(i) => i,
            None => return String::new(),
        };
        let j = (i..row.len()).rev().find(|&j| row[j] > row[i - 1]).unwrap();
        row.swap(i - 1, j);
        row[i..].reverse();
    }
    String::from_utf8(row).unwrap()
}
