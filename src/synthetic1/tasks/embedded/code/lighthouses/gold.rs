use std::io::{self, Read};

/// The g and x with g = gcd(a, b) and a·x ≡ g (mod b).
fn euclid(a: i128, b: i128) -> (i128, i128) {
    if b == 0 {
        return (a, 1);
    }
    let (mut g, mut x, mut h, mut y) = (a, 1, b, 0);
    while h > 0 {
        let quotient = g / h;
        let (next_h, next_y) = (g - quotient * h, x - quotient * y);
        g = h;
        x = y;
        h = next_h;
        y = next_y;
    }
    (g, x)
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let numbers: Vec<i128> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    // All lighthouses so far flash together at `second`, and then every `period` seconds.
    let (mut second, mut period) = (0i128, 1i128);
    for light in numbers[1..].chunks(2) {
        let (a, m) = (light[0], light[1]);
        let (g, inverse) = euclid(period, m);
        if (a - second) % g != 0 {
            println!("never");
            return;
        }
        let rest = m / g;
        let steps = ((a - second) / g * inverse).rem_euclid(rest);
        second += steps * period;
        period *= rest;
    }
    println!("{}", second);
}
