use std::collections::HashMap;
use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<i64>().unwrap());
    let n = numbers.next().unwrap() as usize;
    let k = numbers.next().unwrap();
    let mut seen: HashMap<i64, i64> = HashMap::from([(0, 1)]);
    let mut total = 0;
    let mut runs = 0i64;
    for number in numbers.take(n) {
        total = (total + number).rem_euclid(k);
        let count = seen.entry(total).or_insert(0);
        runs += *count;
        *count = 1;
    }
    println!("{}", runs);
}
