fn shared(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count()
}

fn short_names(names: Vec<String>) -> Vec<String> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&i| &names[i]);
    // Of all names, the neighbours in alphabetical order share the longest prefixes.
    let mut needed = vec![1; names.len()];
    for pair in order.windows(2) {
        let length = shared(&names[pair[0]], &names[pair[1]]) + 1;
        for &i in pair {
            needed[i] = needed[i].max(length);
        }
    }
    names
        .iter()
        .zip(needed)
        .map(|(name, length)| name[..length.min(name.len())].to_string())
        .collect()
}
