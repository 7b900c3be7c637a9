use std::io::{self, Read};

fn trip(roads: &[Vec<(usize, usize)>], m: usize) -> Option<Vec<usize>> {
    let odd: Vec<usize> = (1..roads.len()).filter(|&crossing| roads[crossing].len() % 2 == 1).collect();
    if odd.len() > 2 {
        return None;
    }
    let anywhere = (1..roads.len()).find(|&crossing| !roads[crossing].is_empty())?;
    let mut stack = vec![*odd.first().unwrap_or(&anywhere)];
    let mut cleared = vec![false; m];
    let mut next = vec![0; roads.len()];
    let mut result = Vec::new();
    while let Some(&here) = stack.last() {
        if next[here] == roads[here].len() {
            stack.pop();
            result.push(here);
            continue;
        }
        let (there, road) = roads[here][next[here]];
        next[here] += 1;
        if !cleared[road] {
            cleared[road] = true;
            stack.push(there);
        }
    }
    Some(result).filter(|result| result.len() == m + 1)
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, m) = (next(), next());
    let mut roads = vec![Vec::new(); n + 1];
    for road in 0..m {
        let (a, b) = (next(), next());
        roads[a].push((b, road));
        roads[b].push((a, road));
    }
    match trip(&roads, m) {
        Some(found) => {
            let words: Vec<String> = found.iter().map(|crossing| crossing.to_string()).collect();
            println!("{}", words.join(" "));
        }
        None => println!("impossible"),
    }
}
