fn nth_balanced(n: i64, k: i64) -> String {
    let length = 2 * n as usize;
    // ways[left][depth + 1]: how many completions of `left` characters close `depth` brackets
    let mut ways = vec![vec![0i64; length + 3]; length + 1];
    ways[0][1] = 1;
    for left in 1..=length {
        for depth in 0..=length {
            ways[left][depth + 1] = ways[left - 1][depth + 2] + if depth > 0 { ways[left - 1][depth] } else { 0 };
        }
    }
    if k >= ways[length][1] {
        return String::new();
    }
    let mut k = k;
    let mut depth = 0;
    let mut sequence = String::new();
    for left in (0..length).rev() {
        let opening = ways[left][depth + 2];
        if k < opening {
            sequence.push('(');
            depth += 1;
        } else {
            k -= opening;
            sequence.push(')');
            depth -= 1;
        }
    }
    sequence
}
