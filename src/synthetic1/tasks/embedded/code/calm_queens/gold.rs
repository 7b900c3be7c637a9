use std::io::{self, Read};

fn place(board: &[&[u8]], queens: &mut Vec<usize>) -> bool {
    let row = queens.len();
    if row == board.len() {
        return true;
    }
    for column in 0..board.len() {
        let attacked = queens.iter().enumerate().any(|(above, &queen)| {
            queen == column || queen + row == column + above || queen + above == column + row
        });
        if board[row][column] == b'.' && !attacked {
            queens.push(column);
            if place(board, queens) {
                return true;
            }
            queens.pop();
        }
    }
    false
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let board: Vec<&[u8]> = text.split_whitespace().skip(1).map(|row| row.as_bytes()).collect();
    let mut queens = Vec::new();
    if place(&board, &mut queens) {
        let columns: Vec<String> = queens.iter().map(|column| (column + 1).to_string()).collect();
        println!("{}", columns.join(" "));
    } else {
        println!("impossible");
    }
}
