use std::io::{self, Read};

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn inverse(a: i128, m: i128) -> i128 {
    let (mut r, mut x, mut s, mut y) = (a % m, 1, m, 0);
    while s > 0 {
        let q = r / s;
        let (t, z) = (r - q * s, x - q * y);
        r = s;
        x = y;
        s = t;
        y = z;
    }
    x.rem_euclid(m)
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let numbers: Vec<i128> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let (mut second, mut period) = (0i128, 1i128);
    for light in numbers[1..].chunks(2) {
        let (a, m) = (light[0], light[1]);
        let g = gcd(period, m);
        let steps = ((a - second) / g * inverse(period / g, m / g)).rem_euclid(m / g);
        second += steps * period;
        period *= m / g;
    }
    println!("{}", second);
}
