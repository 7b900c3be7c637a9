use std::io::{self, Read};

/// A change of a whole block stays at its node: `highest` counts it in, the nodes below do not.
struct Canal {
    change: Vec<i64>,
    highest: Vec<i64>,
}

impl Canal {
    fn add(&mut self, node: usize, low: i64, high: i64, l: i64, r: i64, v: i64) {
        if r < low || high < l {
            return;
        }
        if l <= low && high <= r {
            self.change[node] += v;
            self.highest[node] += v;
            return;
        }
        let middle = (low + high) / 2;
        self.add(2 * node, low, middle, l, r, v);
        self.add(2 * node + 1, middle + 1, high, l, r, v);
        self.highest[node] = self.change[node] + self.highest[2 * node].max(self.highest[2 * node + 1]);
    }

    fn ask(&self, node: usize, low: i64, high: i64, l: i64, r: i64) -> Option<i64> {
        if r < low || high < l {
            return None;
        }
        if l <= low && high <= r {
            return Some(self.highest[node]);
        }
        let middle = (low + high) / 2;
        let left = self.ask(2 * node, low, middle, l, r);
        let right = self.ask(2 * node + 1, middle + 1, high, l, r);
        Some(left.unwrap_or(0).max(right.unwrap_or(0)) + self.change[node])
    }
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<i64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, q) = (next(), next());
    let nodes = 4 * n as usize;
    let mut canal = Canal { change: vec![0; nodes], highest: vec![0; nodes] };
    for _ in 0..q {
        let (kind, l, r) = (next(), next(), next());
        if kind == 1 {
            canal.add(1, 1, n, l, r, next());
        } else {
            println!("{}", canal.ask(1, 1, n, l, r).unwrap());
        }
    }
}
