fn squeeze(text: String) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut result = String::new();
    let mut start = 0;
    while start < letters.len() {
        let mut end = start;
        while end < letters.len() && letters[end] == letters[start] {
            end += 1;
        }
        result.push(letters[start]);
        if end - start > 1 {
            result.push_str(&(end - start).to_string());
        }
        start = end;
    }
    result
}
