def short_names(names: list[str]) -> list[str]:
    taken: set[str] = set()
    result = []
    for name in names:
        length = 1
        while length < len(name) and name[:length] in taken:
            length += 1
        result.append(name[:length])
        taken.update(name[:end] for end in range(1, len(name) + 1))
    return result
