from collections import Counter


def short_names(names: list[str]) -> list[str]:
    uses = Counter(name[:end] for name in names for end in range(1, len(name) + 1))

    def shortest(name: str) -> str:
        prefixes = (name[:end] for end in range(1, len(name) + 1))
        return next((prefix for prefix in prefixes if uses[prefix] == 1), name)

    return [shortest(name) for name in names]
