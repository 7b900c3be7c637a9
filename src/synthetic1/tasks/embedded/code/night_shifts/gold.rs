use std::io::{self, Read};

struct Edge {
    from: usize,
    to: usize,
    room: i64,
    cost: i64,
}

/// An edge and its reverse stand side by side.
fn add(edges: &mut Vec<Edge>, from: usize, to: usize, room: i64, cost: i64) {
    edges.push(Edge { from, to, room, cost });
    edges.push(Edge { from: to, to: from, room: 0, cost: -cost });
}

/// Bellman and Ford: by which edge the cheapest way comes to each node.
fn cheapest(edges: &[Edge], nodes: usize) -> Vec<Option<usize>> {
    let far = i64::MAX / 2;
    let mut price = vec![far; nodes];
    let mut edge_to = vec![None; nodes];
    price[0] = 0;
    let mut changed = true;
    while changed {
        changed = false;
        for (i, edge) in edges.iter().enumerate() {
            if edge.room > 0 && price[edge.from] < far && price[edge.from] + edge.cost < price[edge.to] {
                price[edge.to] = price[edge.from] + edge.cost;
                edge_to[edge.to] = Some(i);
                changed = true;
            }
        }
    }
    edge_to
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (w, s, m) = (next(), next(), next());
    let sink = w + s + 1;
    let mut edges = Vec::new();
    for nurse in 1..=w {
        add(&mut edges, 0, nurse, next() as i64, 0);
    }
    for shift in 1..=s {
        add(&mut edges, w + shift, sink, next() as i64, 0);
    }
    for _ in 0..m {
        let (nurse, shift, pay) = (next(), next(), next());
        add(&mut edges, nurse, w + shift, 1, pay as i64);
    }
    let (mut filled, mut total) = (0, 0);
    loop {
        let edge_to = cheapest(&edges, sink + 1);
        let mut node = sink;
        while let Some(i) = edge_to[node] {
            edges[i].room -= 1;
            edges[i ^ 1].room += 1;
            total += edges[i].cost;
            node = edges[i].from;
        }
        if node == sink {
            break;
        }
        filled += 1;
    }
    println!("{} {}", filled, total);
}
