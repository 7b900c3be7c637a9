use std::collections::HashMap;

fn anagram_pairs(words: Vec<String>) -> i64 {
    let mut groups: HashMap<Vec<u8>, i64> = HashMap::new();
    for word in words {
        let mut key = word.to_ascii_lowercase().into_bytes();
        key.sort();
        *groups.entry(key).or_insert(0) += 1;
    }
    groups.values().map(|size| size - 1).sum()
}
