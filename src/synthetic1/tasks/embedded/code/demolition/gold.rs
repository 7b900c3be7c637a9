use std::collections::VecDeque;
use std::io::{self, BufRead};

fn fewest_steps(plan: &[Vec<u8>], charges: i32) -> i32 {
    let (rows, columns) = (plan.len() as i32, plan[0].len() as i32);
    let mut most = vec![vec![-1; columns as usize]; rows as usize];
    let mut queue = VecDeque::new();
    for r in 0..rows {
        for c in 0..columns {
            if plan[r as usize][c as usize] == b'S' {
                most[r as usize][c as usize] = charges;
                queue.push_back((r, c, charges, 0));
            }
        }
    }
    while let Some((r, c, left, steps)) = queue.pop_front() {
        if plan[r as usize][c as usize] == b'E' {
            return steps;
        }
        for (dr, dc) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
            let (y, x) = (r + dr, c + dc);
            if y < 0 || y >= rows || x < 0 || x >= columns {
                continue;
            }
            let wall = plan[y as usize][x as usize] == b'#';
            let rest = left - wall as i32;
            let best = &mut most[y as usize][x as usize];
            if rest > *best {
                *best = rest;
                queue.push_back((y, x, rest, steps + 1));
            }
        }
    }
    -1
}

fn main() {
    let mut lines = io::stdin().lock().lines().map(|line| line.unwrap());
    let sizes: Vec<usize> = lines.next().unwrap().split_whitespace().map(|word| word.parse().unwrap()).collect();
    let plan: Vec<Vec<u8>> = lines.take(sizes[0]).map(|line| line.trim().bytes().collect()).collect();
    println!("{}", fewest_steps(&plan, sizes[2] as i32));
}
