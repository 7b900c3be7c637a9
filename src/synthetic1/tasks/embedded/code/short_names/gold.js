function short_names(names) {
  const root = { uses: 0, next: {} };
  for (const name of names) {
    let node = root;
    for (const letter of name) {
      node = node.next[letter] = node.next[letter] || { uses: 0, next: {} };
      node.uses++;
    }
  }
  return names.map((name) => {
    let node = root;
    for (let i = 0; i < name.length; i++) {
      node = node.next[name[i]];
      if (node.uses === 1) return name.slice(0, i + 1);
    }
    return name;
  });
}
