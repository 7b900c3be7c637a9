use std::io::{self, BufRead};

fn convert(number: &str, a: u32, b: u32) -> String {
    let mut value: Vec<u32> = Vec::new(); // in base b, the lowest digit first
    for c in number.chars() {
        let mut carry = c.to_digit(36).unwrap();
        for digit in value.iter_mut() {
            carry += *digit * a;
            *digit = carry % b;
            carry /= b;
        }
        while carry > 0 {
            value.push(carry % b);
            carry /= b;
        }
    }
    if value.is_empty() {
        value.push(0);
    }
    value.iter().rev().map(|&digit| std::char::from_digit(digit, 36).unwrap()).collect()
}

fn main() {
    let stdin = io::stdin();
    for line in stdin.lock().lines().skip(1) {
        let line = line.unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [a, b, number] = words[..] {
            println!("{}", convert(number, a.parse().unwrap(), b.parse().unwrap()));
        }
    }
}
