fn nest_size(boxes: Vec<Vec<i64>>) -> i64 {
    let mut turned: Vec<(i64, i64)> = boxes.iter().map(|b| (b[0].min(b[1]), b[0].max(b[1]))).collect();
    turned.sort_by_key(|&(short, long)| (short, -long));
    let mut ends: Vec<i64> = Vec::new();
    for (_, long) in turned {
        let at = ends.partition_point(|&end| end < long);
        if at == ends.len() {
            ends.push(long);
        } else {
            ends[at] = long;
        }
    }
    ends.len() as i64
}
