fn lonely_numbers(log: Vec<i64>) -> Vec<i64> {
    let both = log.iter().fold(0, |a, b| a ^ b);
    let bit = both & -both;
    let one = log.iter().filter(|&number| number & bit != 0).fold(0, |a, b| a ^ b);
    let other = one ^ both;
    vec![one.min(other), one.max(other)]
}
