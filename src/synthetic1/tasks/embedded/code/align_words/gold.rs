use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let words: Vec<Vec<char>> = text.split_whitespace().map(|word| word.chars().collect()).collect();
    let (a, b) = (&words[0], &words[1]);
    let mut least = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            least[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let pair = least[i - 1][j - 1] + (a[i - 1] != b[j - 1]) as usize;
                pair.min(least[i - 1][j] + 1).min(least[i][j - 1] + 1)
            };
        }
    }
    let mut columns = Vec::new();
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 || j > 0 {
        if i > 0 && j > 0 && least[i][j] == least[i - 1][j - 1] + (a[i - 1] != b[j - 1]) as usize {
            i -= 1;
            j -= 1;
            columns.push((a[i], b[j]));
        } else if j > 0 && least[i][j] == least[i][j - 1] + 1 {
            j -= 1;
            columns.push(('-', b[j]));
        } else {
            i -= 1;
            columns.push((a[i], '-'));
        }
    }
    columns.reverse();
    println!("{}", least[a.len()][b.len()]);
    println!("{}", columns.iter().map(|column| column.0).collect::<String>());
    println!("{}", columns.iter().map(|column| column.1).collect::<String>());
}
