use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let numbers: Vec<u32> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let mut films: Vec<(u32, u32)> = numbers[1..].chunks(2).map(|film| (film[0], film[1])).collect();
    films.sort_by_key(|film| film.1 - film.0);
    let mut chosen: Vec<(u32, u32)> = Vec::new();
    for film in films {
        if chosen.iter().all(|other| other.1 <= film.0 || film.1 <= other.0) {
            chosen.push(film);
        }
    }
    println!("{}", chosen.len());
}
