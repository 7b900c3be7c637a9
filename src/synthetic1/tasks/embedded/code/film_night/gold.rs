use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let numbers: Vec<u32> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let mut films: Vec<(u32, u32)> = numbers[1..].chunks(2).map(|film| (film[1], film[0])).collect();
    films.sort();
    let mut seen = 0;
    let mut free_from = 0;
    for (end, start) in films {
        if start >= free_from {
            seen += 1;
            free_from = end;
        }
    }
    println!("{}", seen);
}
