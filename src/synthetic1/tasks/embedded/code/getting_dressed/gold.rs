use std::collections::BTreeSet;
use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, m) = (next(), next());
    let mut later = vec![Vec::new(); n + 1];
    let mut missing = vec![0; n + 1];
    for _ in 0..m {
        let (a, b) = (next(), next());
        later[a].push(b);
        missing[b] += 1;
    }
    let mut ready: BTreeSet<usize> = (1..=n).filter(|&piece| missing[piece] == 0).collect();
    let mut order: Vec<String> = Vec::new();
    while let Some(&piece) = ready.iter().next_back() {
        ready.remove(&piece);
        order.push(piece.to_string());
        for &other in &later[piece] {
            missing[other] -= 1;
            if missing[other] == 0 {
                ready.insert(other);
            }
        }
    }
    if order.len() == n {
        println!("{}", order.join(" "));
    } else {
        println!("impossible");
    }
}
