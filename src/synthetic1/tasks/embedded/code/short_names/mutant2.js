function short_names(names) {
  return names.map((name) => {
    for (let end = 1; end <= name.length; end++) {
      const prefix = name.slice(0, end);
      if (names.filter((other) => other.startsWith(prefix)).length === 1) return prefix;
    }
    return "";
  });
}
