use std::io::{self, BufRead};

fn main() {
    for line in io::stdin().lock().lines().skip(1) {
        let line = line.unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let (a, b): (u32, u32) = (words[0].parse().unwrap(), words[1].parse().unwrap());
        let mut value: Vec<u32> = vec![0];
        for c in words[2].chars() {
            let mut carry = c.to_digit(36).unwrap();
            for digit in value.iter_mut() {
                carry += *digit * a;
                *digit = carry % b;
                carry /= b;
            }
            if carry > 0 {
                value.push(carry % b); // one more digit is not always enough
            }
        }
        let text: String = value.iter().rev().map(|&d| std::char::from_digit(d, 36).unwrap()).collect();
        println!("{}", text);
    }
}
