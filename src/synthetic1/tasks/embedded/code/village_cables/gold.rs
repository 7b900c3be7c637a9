use std::io::{self, Read};

fn find(leader: &mut [usize], mut village: usize) -> usize {
    while leader[village] != village {
        leader[village] = leader[leader[village]];
        village = leader[village];
    }
    village
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, k, m) = (next(), next(), next());
    let mut cables = Vec::new();
    for i in 0..k + m {
        let (a, b) = (next(), next());
        let price = if i < k { 0 } else { next() };
        cables.push((price, a, b));
    }
    cables.sort();
    let mut leader: Vec<usize> = (0..=n).collect();
    let mut groups = n;
    let mut total = 0;
    for (price, a, b) in cables {
        let (x, y) = (find(&mut leader, a), find(&mut leader, b));
        if x != y {
            leader[x] = y;
            groups -= 1;
            total += price;
        }
    }
    if groups == 1 {
        println!("{}", total);
    } else {
        println!("impossible");
    }
}
