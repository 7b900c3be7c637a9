fn initials(name: String) -> String {
    let words = name.split(|c| c == ' ' || c == '-').filter(|word| !word.is_empty());
    let mut result = String::new();
    for (position, word) in words.enumerate() {
        let small = ["of", "the", "and"].contains(&word.to_lowercase().as_str());
        if position > 0 && small {
            continue;
        }
        if let Some(first) = word.chars().find(|&c| c != '\'') {
            result.push(first.to_ascii_uppercase());
        }
    }
    result
}
