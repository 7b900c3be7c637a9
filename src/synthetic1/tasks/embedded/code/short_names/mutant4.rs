fn short_names(names: Vec<String>) -> Vec<String> {
    let mut result = Vec::new();
    for name in &names {
        let mut length = 1;
        while length < name.len()
            && names.iter().any(|other| other != name && other.contains(&name[..length]))
        {
            length += 1;
        }
        result.push(name[..length].to_string());
    }
    result
}
