use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<u64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, m, start) = (next() as usize, next(), next());
    let mut ferries = vec![Vec::new(); n + 1];
    for _ in 0..m {
        let (a, b, period, duration) = (next() as usize, next() as usize, next(), next());
        ferries[a].push((b, period, duration));
    }
    let mut arrival = vec![u64::MAX; n + 1];
    arrival[1] = start;
    let mut heap = BinaryHeap::from([Reverse((start, 1))]);
    while let Some(Reverse((now, island))) = heap.pop() {
        if now > arrival[island] {
            continue;
        }
        for &(other, period, duration) in &ferries[island] {
            let then = (now + period - 1) / period * period + duration;
            if arrival[other] == u64::MAX {
                arrival[other] = then;
                heap.push(Reverse((then, other)));
            }
        }
    }
    if arrival[n] == u64::MAX {
        println!("never");
    } else {
        println!("{}", arrival[n]);
    }
}
