use std::collections::HashMap;

fn anagram_pairs(words: Vec<String>) -> i64 {
    let mut seen: HashMap<Vec<u8>, i64> = HashMap::new();
    let mut pairs = 0;
    for word in words {
        let mut key = word.to_ascii_lowercase().into_bytes();
        key.sort();
        let count = seen.entry(key).or_insert(0);
        pairs += *count;
        *count += 1;
    }
    pairs
}
