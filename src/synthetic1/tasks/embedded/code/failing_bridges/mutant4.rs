use std::io::{self, Read};

struct Islands {
    parent: Vec<usize>,
    size: Vec<usize>,
    groups: usize,
    largest: usize,
}

impl Islands {
    fn find(&mut self, mut island: usize) -> usize {
        while self.parent[island] != island {
            self.parent[island] = self.parent[self.parent[island]];
            island = self.parent[island];
        }
        island
    }

    fn join(&mut self, bridge: (usize, usize)) {
        let (mut a, mut b) = (self.find(bridge.0), self.find(bridge.1));
        if a == b {
            return;
        }
        if self.size[a] < self.size[b] {
            std::mem::swap(&mut a, &mut b);
        }
        self.parent[b] = a;
        self.size[a] += self.size[b];
        self.groups -= 1;
        self.largest = self.largest.max(self.size[a]);
    }
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, m, q) = (next(), next(), next());
    let bridges: Vec<(usize, usize)> = (0..m).map(|_| (next(), next())).collect();
    let breaks: Vec<usize> = (0..q).map(|_| next() - 1).collect();
    let mut islands = Islands { parent: (0..=n).collect(), size: vec![1; n + 1], groups: n, largest: 1 };
    let mut broken = vec![false; m];
    for &bridge in &breaks {
        broken[bridge] = true;
    }
    for bridge in 0..m {
        if !broken[bridge] {
            islands.join(bridges[bridge]);
        }
    }
    let mut answers = vec![(islands.groups, islands.largest)];
    for &bridge in breaks.iter().rev() {
        answers.push((islands.groups, islands.largest));
        islands.join(bridges[bridge]);
    }
    for (groups, largest) in answers.iter().rev() {
        println!("{} {}", groups, largest);
    }
}
