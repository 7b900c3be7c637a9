fn arrangements(left: &[u64]) -> i64 {
    let factorial = |n: u64| (1..=n).product::<u64>();
    let all = factorial(left.iter().sum());
    left.iter().fold(all, |result, &count| result / factorial(count)) as i64
}

fn kth_arrangement(letters: String, mut k: i64) -> String {
    let mut left = vec![0u64; 26];
    for letter in letters.bytes() {
        left[(letter - b'a') as usize] += 1;
    }
    let mut result = String::new();
    if k > arrangements(&left) {
        return result;
    }
    while result.len() < letters.len() {
        for i in 0..26 {
            if left[i] == 0 {
                continue;
            }
            left[i] -= 1;
            let beginning_so = arrangements(&left);
            if k <= beginning_so {
                result.push((b'a' + i as u8) as char);
                break;
            }
            k -= beginning_so;
            left[i] += 1;
        }
    }
    result
}
