fn shortest_round(minutes: Vec<Vec<i64>>) -> i64 {
    let n = minutes.len();
    if n == 1 {
        return 0;
    }
    // least[visited][last]: the fastest way from the depot over the places of a set to the last one of them
    let mut least: Vec<Vec<Option<i64>>> = vec![vec![None; n]; 1 << n];
    least[1][0] = Some(0);
    for visited in 1usize..1 << n {
        for last in 0..n {
            let way = match least[visited][last] {
                Some(way) => way,
                None => continue,
            };
            for next in (1..n).filter(|next| visited >> next & 1 == 0) {
                let longer = way + minutes[last][next];
                let best = &mut least[visited | 1 << next][next];
                *best = Some(best.map_or(longer, |known| known.min(longer)));
            }
        }
    }
    let ways = least[(1 << n) - 1].iter().enumerate();
    ways.filter_map(|(last, way)| way.map(|way| way + minutes[last][0])).min().unwrap()
}
