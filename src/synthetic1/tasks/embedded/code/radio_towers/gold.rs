use std::io::{self, Read};

fn fits(close: &[Vec<usize>], channels: &[u8], tower: usize, channel: u8) -> bool {
    close[tower].iter().all(|&other| channels[other] != channel)
}

fn colour(close: &[Vec<usize>], channels: &mut Vec<u8>) -> bool {
    let options = |tower: usize| (1..=3).filter(|&channel| fits(close, channels, tower, channel)).count();
    let most_constrained = (0..close.len()).filter(|&tower| channels[tower] == 0).min_by_key(|&tower| options(tower));
    let tower = match most_constrained {
        Some(tower) => tower,
        None => return true,
    };
    for channel in 1..=3 {
        if fits(close, channels, tower, channel) {
            channels[tower] = channel;
            if colour(close, channels) {
                return true;
            }
            channels[tower] = 0;
        }
    }
    false
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let numbers: Vec<usize> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let mut close = vec![Vec::new(); numbers[0]];
    for pair in numbers[2..].chunks(2) {
        close[pair[0] - 1].push(pair[1] - 1);
        close[pair[1] - 1].push(pair[0] - 1);
    }
    let mut channels = vec![0; numbers[0]];
    if colour(&close, &mut channels) {
        let words: Vec<String> = channels.iter().map(|channel| channel.to_string()).collect();
        println!("{}", words.join(" "));
    } else {
        println!("impossible");
    }
}
