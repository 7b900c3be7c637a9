"""Accepts every split with the smallest difference."""

from __future__ import annotations


def check(input: str, output: str, expected: str) -> bool | str:
    words = output.split()
    if not words or words[0] != expected.split()[0]:
        return "not the smallest difference"
    n, *prices = map(int, input.split())
    numbers = {str(number): number for number in range(n + 1)}
    if len(words) < 2 or any(word not in numbers for word in words[1:]):
        return f"the second line must hold numbers from 0 to {n}"
    count, *part = (numbers[word] for word in words[1:])
    if count != len(part) or len(set(part)) < len(part) or 0 in part:
        return f"{count} different numbers from 1 to {n} were announced"
    difference = abs(sum(prices) - 2 * sum(prices[number - 1] for number in part))
    return str(difference) == words[0] or f"this split has difference {difference}"
