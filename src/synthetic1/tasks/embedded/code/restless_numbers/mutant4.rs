use std::io;

/// How many such numbers there are from 1 to limit.
fn tuned(limit: u64, m: usize) -> u64 {
    if limit == 0 {
        return 0;
    }
    let digits: Vec<usize> = limit.to_string().bytes().map(|byte| (byte - b'0') as usize).collect();
    // smaller[d][s]: beginnings below that of limit which end in digit d and have digit sum s (mod m)
    let mut smaller = vec![vec![0u64; m]; 10];
    let mut equal = true;
    let (mut last, mut total) = (10, 0);
    for (position, &digit) in digits.iter().enumerate() {
        let mut longer = vec![vec![0u64; m]; 10];
        for s in 0..m {
            let all: u64 = smaller.iter().map(|counts| counts[s]).sum();
            for d in 0..10 {
                longer[d][(s + d) % m] += all - smaller[d][s];
            }
        }
        if equal {
            let least = if position == 0 { 1 } else { 0 };
            for d in (least..digit).filter(|&d| d != last) {
                longer[d][(total + d) % m] += 1;
            }
        }
        if position > 0 {
            for d in 1..10 {
                longer[d][d % m] += 1;
            }
        }
        smaller = longer;

        last = digit;
        total = (total + digit) % m;
    }
    let own = (equal && total == 0) as u64;
    own + smaller.iter().map(|counts| counts[0]).sum::<u64>()
}

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let numbers: Vec<u64> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let m = numbers[2] as usize;
    println!("{}", tuned(numbers[1], m) - tuned(numbers[0] - 1, m));
}
