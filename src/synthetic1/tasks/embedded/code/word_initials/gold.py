SMALL = {"of", "the", "and"}


def initials(name: str) -> str:
    result = ""
    for position, word in enumerate(name.replace("-", " ").split()):
        if position > 0 and word.lower() in SMALL:
            continue
        result += word.lstrip("'")[:1].upper()
    return result
