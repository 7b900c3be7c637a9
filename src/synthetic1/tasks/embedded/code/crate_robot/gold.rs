use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    let height: usize = words[0].parse().unwrap();
    let width: usize = words[1].parse().unwrap();
    // A wall around the floor saves all questions about its edge.
    let mut floor = vec![vec![b'#'; width + 2]; height + 2];
    let (mut r, mut c) = (0, 0);
    for row in 1..=height {
        for (i, cell) in words[row + 1].bytes().enumerate() {
            floor[row][i + 1] = cell;
            if cell == b'R' {
                r = row;
                c = i + 1;
            }
        }
    }
    for command in words[height + 2].chars() {
        let ahead = |row: usize, column: usize| match command {
            'U' => (row - 1, column),
            'D' => (row + 1, column),
            'L' => (row, column - 1),
            _ => (row, column + 1),
        };
        let (r1, c1) = ahead(r, c);
        if floor[r1][c1] == b'C' {
            let (r2, c2) = ahead(r1, c1);
            if floor[r2][c2] == b'.' {
                floor[r2][c2] = b'C';
                floor[r1][c1] = b'.';
            }
        }
        if floor[r1][c1] == b'.' {
            floor[r1][c1] = b'R';
            floor[r][c] = b'.';
            r = r1;
            c = c1;
        }
    }
    for row in &floor[1..=height] {
        println!("{}", String::from_utf8_lossy(&row[1..=width]));
    }
}
