fn last_chair(n: i64, k: i64) -> i64 {
    let (mut place, mut size) = (0, 1);
    while size < n {
        let steps = ((size - place) / k).min(n - size);
        if steps > 0 {
            place += steps * k;
            size += steps;
        } else {
            size += 1;
            place = (place + k - 1) % size;
        }
    }
    place + 1
}
