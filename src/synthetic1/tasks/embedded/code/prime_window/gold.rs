use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let ends: Vec<usize> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let (low, high) = (ends[0], ends[1]);
    let root = (1..).take_while(|i| i * i <= high).last().unwrap();
    let mut composite = vec![false; root + 1];
    let mut hidden = vec![false; high - low + 1];
    if low == 1 {
        hidden[0] = true;
    }
    for p in 2..=root {
        if composite[p] {
            continue;
        }
        for i in (p * p..=root).step_by(p) {
            composite[i] = true;
        }
        let first = (p * p).max((low + p - 1) / p * p);
        for i in (first..=high).step_by(p) {
            hidden[i - low] = true;
        }
    }
    let primes: Vec<usize> = (low..=high).filter(|n| !hidden[n - low]).collect();
    match (primes.first(), primes.last()) {
        (Some(first), Some(last)) => println!("{} {} {}", primes.len(), first, last),
        _ => println!("0"),
    }
}
