fn nest_size(boxes: Vec<Vec<i64>>) -> i64 {
    let mut turned: Vec<(i64, i64)> = boxes.iter().map(|b| (b[0].min(b[1]), b[0].max(b[1]))).collect();
    turned.sort_by_key(|&(short, long)| short * long);
    let mut size = 0;
    let mut last = (0, 0);
    for (short, long) in turned {
        if short > last.0 && long > last.1 {
            last = (short, long);
            size += 1;
        }
    }
    size
}
