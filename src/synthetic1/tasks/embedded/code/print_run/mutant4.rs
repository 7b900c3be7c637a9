use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<i64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, k) = (next(), next());
    let machines: Vec<(i64, i64)> = (0..n).map(|_| (next(), next())).collect();
    let mut low = 0;
    let mut high = machines.iter().map(|&(warm_up, each)| warm_up + k * each).min().unwrap();
    while low < high {
        let middle = low + (high - low) / 2;
        let mut copies = 0;
        for &(warm_up, each) in &machines {
            copies += (middle - warm_up) / each;
        }
        if copies >= k {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    println!("{}", low);
}
