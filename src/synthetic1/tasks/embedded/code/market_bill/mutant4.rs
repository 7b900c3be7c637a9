use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<i64>().unwrap());
    let n = numbers.next().unwrap();
    let voucher = numbers.next().unwrap();
    let mut bill = 0i64;
    for _ in 1..n {
        let pieces = numbers.next().unwrap();
        let price = numbers.next().unwrap();
        bill += pieces * price;
    }
    if voucher >= bill {
        println!("change {}", voucher - bill);
    } else {
        println!("short {}", bill - voucher);
    }
}
