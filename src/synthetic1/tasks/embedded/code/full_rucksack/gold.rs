use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, capacity) = (next(), next());
    let mut best = vec![0u64; capacity + 1];
    for _ in 0..n {
        let (weight, value, stock) = (next(), next() as u64, next());
        let mut count = stock.min(capacity / weight);
        let mut bundle = 1;
        while count > 0 {
            let pieces = bundle.min(count);
            let (grams, gain) = (pieces * weight, pieces as u64 * value);
            for w in (grams..=capacity).rev() {
                best[w] = best[w].max(best[w - grams] + gain);
            }
            count -= pieces;
            bundle *= 2;
        }
    }
    println!("{}", best[capacity]);
}
