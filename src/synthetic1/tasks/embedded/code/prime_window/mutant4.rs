use std::io;

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let ends: Vec<usize> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let (low, high) = (ends[0], ends[1]);
    let mut composite = vec![false; 1_000_001];
    let mut hidden = vec![false; high - low + 1];
    let mut p = 2;
    while p * p < high {
        if !composite[p] {
            for i in (p * p..=1_000_000).step_by(p) {
                composite[i] = true;
            }
            for i in ((p * p).max((low + p - 1) / p * p)..=high).step_by(p) {
                hidden[i - low] = true;
            }
        }
        p += 1;
    }
    let primes: Vec<usize> = (low.max(2)..=high).filter(|n| !hidden[n - low]).collect();
    match (primes.first(), primes.last()) {
        (Some(first), Some(last)) => println!("{} {} {}", primes.len(), first, last),
        _ => println!("0"),
    }
}
