use std::io::{self, Read};

fn days_in(month: u32, year: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn main() {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).unwrap();
    let numbers: Vec<u32> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().unwrap())
        .collect();
    for train in numbers[1..].chunks(6) {
        let (mut year, mut month, mut day) = (train[0], train[1], train[2]);
        let total = train[3] * 60 + train[4] + train[5];
        day += total / 1440;
        while day > days_in(month, year) {
            day -= days_in(month, year);
            month += 1;
            if month > 12 {
                month = 1;
                year += 1;
            }
        }
        let minute = total % 1440;
        println!("{:04}-{:02}-{:02} {:02}:{:02}", year, month, day, minute / 60, minute % 60);
    }
}
