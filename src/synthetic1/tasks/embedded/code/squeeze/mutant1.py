def squeeze(text: str) -> str:
    result = ""
    count = 0
    last = ""
    for letter in text:
        if letter == last:
            count += 1
            continue
        if last:
            result += last + (str(count) if count > 1 else "")
        last, count = letter, 1
    return result
