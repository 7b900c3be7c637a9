fn shortest_round(minutes: Vec<Vec<i64>>) -> i64 {
    let n = minutes.len();
    let far = i64::MAX / 2;
    let mut least = vec![vec![far; n]; 1 << n];
    least[1][0] = 0;
    for visited in 1usize..1 << n {
        for last in 0..n {
            for next in 1..n {
                if visited >> next & 1 == 0 && least[visited][last] < far {
                    let longer = least[visited][last] + minutes[last][next];
                    let best = &mut least[visited | 1 << next][next];
                    *best = longer.min(*best);
                }
            }
        }
    }
    *least[(1 << n) - 1].iter().min().unwrap() // and the way home?
}
