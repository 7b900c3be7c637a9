fn close_pairs(moments: Vec<i64>, d: i64) -> i64 {
    let mut ordered = moments;
    ordered.sort();
    ordered.dedup();
    let mut first = 0;
    let mut pairs = 0;
    for last in 0..ordered.len() {
        while ordered[last] - ordered[first] > d {
            first += 1;
        }
        pairs += last - first;
    }
    pairs as i64
}
