use std::io;

/// The beginnings of all suffixes, in alphabetical order: by 1, 2, 4, … letters.
fn suffix_array(text: &[u8]) -> Vec<usize> {
    let n = text.len();
    let mut rank: Vec<usize> = text.iter().map(|&letter| letter as usize).collect();
    let mut order: Vec<usize> = (0..n).collect();
    let mut width = 1;
    loop {
        let second = |i: usize| if i + width < n { rank[i + width] + 1 } else { 0 };
        let keys: Vec<(usize, usize)> = (0..n).map(|i| (rank[i], second(i))).collect();
        order.sort_by_key(|&i| keys[i]);
        rank = vec![0; n];
        for i in 1..n {
            rank[order[i]] = rank[order[i - 1]] + (keys[order[i]] != keys[order[i - 1]]) as usize;
        }
        if rank[order[n - 1]] == n - 1 {
            return order;
        }
        width *= 2;
    }
}

/// For each suffix in the order, how many letters it shares with the one before it.
fn common_prefixes(text: &[u8], order: &[usize]) -> Vec<usize> {
    let n = text.len();
    let mut place = vec![0; n];
    for (index, &suffix) in order.iter().enumerate() {
        place[suffix] = index;
    }
    let mut shared = vec![0; n];
    let mut length = 0;
    for suffix in 0..n {
        if place[suffix] == 0 {
            length = 0;
            continue;
        }
        let other = order[place[suffix] - 1];
        while suffix.max(other) + length < n && text[suffix + length] == text[other + length] {
            length += 1;
        }
        shared[place[suffix]] = length;
        length = length.saturating_sub(1);
    }
    shared
}

/// Where the first motif of this length in alphabetical order stands.
fn motif(length: usize, order: &[usize], shared: &[usize]) -> Option<usize> {
    let (mut first, mut last) = (order[0], order[0]);
    for (&suffix, &letters) in order.iter().zip(shared).skip(1) {
        if letters < length {
            first = suffix;
            last = suffix;
            continue;
        }
        first = first.min(suffix);
        last = last.max(suffix);
        if last - first >= length {
            return Some(first);
        }
    }
    None
}

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let text = line.trim();
    let order = suffix_array(text.as_bytes());
    let shared = common_prefixes(text.as_bytes(), &order);
    let (mut low, mut high) = (0, text.len() / 2);
    while low < high {
        let middle = (low + high + 1) / 2;
        match motif(middle, &order, &shared) {
            Some(_) => low = middle,
            None => high = middle - 1,
        }
    }
    println!("{}", low);
    if low > 0 {
        let at = motif(low, &order, &shared).unwrap();
        println!("{}", &text[at..at + low]);
    }
}
