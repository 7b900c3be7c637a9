use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, Read};

#[derive(Default)]
struct Row {
    points: i32,
    scored: i32,
    taken: i32,
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut words = text.split_whitespace();
    let teams: usize = words.next().unwrap().parse().unwrap();
    let matches: usize = words.next().unwrap().parse().unwrap();
    let mut table: HashMap<&str, Row> = HashMap::new();
    for _ in 0..teams {
        table.insert(words.next().unwrap(), Row::default());
    }
    for _ in 0..matches {
        let a = words.next().unwrap();
        let b = words.next().unwrap();
        let x: i32 = words.next().unwrap().parse().unwrap();
        let y: i32 = words.next().unwrap().parse().unwrap();
        for (name, scored, taken) in [(a, x, y), (b, y, x)] {
            let row = table.get_mut(name).unwrap();
            row.points += if scored > taken { 3 } else if scored == taken { 1 } else { 0 };
            row.scored += scored;
            row.taken += taken;
        }
    }
    let mut rows: Vec<(&str, Row)> = table.into_iter().collect();
    rows.sort_by_key(|(name, row)| (Reverse(row.points), row.taken - row.scored, Reverse(row.scored), *name));
    for (name, row) in rows {
        println!("{} {} {} {}", name, row.points, row.scored - row.taken, row.scored);
    }
}
