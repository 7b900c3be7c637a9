use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<usize>().unwrap());
    let n = numbers.next().unwrap();
    let prices: Vec<usize> = numbers.take(n).collect();
    let total: usize = prices.iter().sum();
    let half = total / 2;
    // reachable[i][s]: whether some of the first i things are worth s together
    let mut reachable = vec![vec![false; half + 1]; n + 1];
    reachable[0][0] = true;
    for i in 0..n {
        for s in 0..=half {
            reachable[i + 1][s] = reachable[i][s] || (s >= prices[i] && reachable[i][s - prices[i]]);
        }
    }
    let mut worth = (0..=half).rev().find(|&s| reachable[n][s]).unwrap();
    println!("{}", total - 2 * worth);
    let mut inside = vec![false; n];
    for i in (0..n).rev() {
        if !reachable[i][worth] {
            worth -= prices[i];
            inside[worth % n] = true;
        }
    }
    // the other part is as good
    let part: Vec<usize> = (1..=n).filter(|&i| !inside[i - 1]).collect();
    print!("{}", part.len());
    for i in part {
        print!(" {}", i);
    }
    println!();
}
