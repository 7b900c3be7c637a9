use std::io;

fn fault(text: &str) -> Option<usize> {
    let mut open: Vec<(u8, usize)> = Vec::new();
    for (i, byte) in text.bytes().enumerate() {
        let wanted = match byte {
            b'(' | b'[' | b'{' => {
                open.push((byte, i + 1));
                continue;
            }
            b')' => b'(',
            b']' => b'[',
            b'}' => b'{',
            _ => continue,
        };
        match open.pop() {
            Some((last, _)) if last == wanted => {}
            _ => return Some(i + 1),
        }
    }
    open.first().map(|&(_, position)| position)
}

fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    match fault(&line) {
        Some(position) => println!("{}", position),
        None => println!("ok"),
    }
}
