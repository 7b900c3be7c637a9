"""What is asked for: topics that a lineage begins with, and the operators that make its function harder, by name."""

from __future__ import annotations

import random
from collections.abc import Sequence

TOPICS = {
    "words": "it takes the words apart and puts them together in another way, by a rule about each word",
    "vowels": "it treats vowels and consonants differently",
    "positions": "what happens to a character depends on where it stands",
    "runs": "it looks for runs of equal neighbours",
    "counts": "it counts something and writes the counts between or behind the characters",
    "cipher": "it moves letters along the alphabet by steps that change as it goes",
    "case": "it decides about upper and lower case by a rule on the neighbours",
    "digits": "it does arithmetic with the digits in the string, and something else where there are none",
    "mirror": "it turns parts of the string around, and says which by a rule",
    "brackets": "it marks parts of the string with brackets that may nest",
    "sorting": "it sorts words or characters by a key that is not the alphabet alone",
    "checksum": "it computes a small number from the characters and uses it to change the string",
    "blocks": "it cuts the string into blocks and treats every other one differently",
    "punctuation": "it moves, doubles or replaces punctuation and blanks by a rule",
    "first_seen": "it tells characters that come for the first time from those that were there before",
    "columns": "it writes the string into rows of a grid and reads it by columns",
    "tokens": "it reads the string as short tokens and rewrites each by its kind",
    "weave": "it weaves two parts of the string into each other",
}
"""Topic → what the first function does, as the prompt says it."""

OPERATORS = {
    "add_state": "add a variable that remembers something from character to character, and let it decide what is done"
    " with the next one",
    "nested_loop": "add a loop within a loop, for instance over pairs of words or over the characters within each word",
    "early_exit": "add a condition inside a loop under which it stops early or returns at once with what there is so"
    " far",
    "char_classes": "treat at least three classes of characters (such as vowels, digits, capitals, blanks, the rest)"
    " each in a way of its own",
    "two_pass": "go over the string twice: the first pass gathers something about all of it, the second uses it",
    "recursion": "let a helper function that calls itself do a part of the work, with a depth that the string's length"
    " keeps small",
    "data_structure": "keep things in a stack, a queue or a dictionary, put them in and take them out as the string is"
    " read; never depend on the order of a set",
    "edge_case_branch": "add two branches for special forms of the string (such as no letters, an odd length, the same"
    " first and last character)",
    "bit_arithmetic": "use bits (and, xor, shifts) of character codes or counters to decide or to choose characters;"
    " what is written stays printable ASCII",
    "string_builder": "build the result out of several parts that are collected apart and joined by a rule at the end",
    "helper_function": "move a part into a helper function with two or three parameters and call it from two places"
    " with different arguments",
    "sliding_window": "decide by the characters in a small window around or before the current one",
    "modular_counter": "let a counter that wraps around choose among three or four actions",
    "lookup_table": "add a table from characters or short pieces to replacements, with a rule for what is not in it",
    "index_juggling": "read or write at computed positions: steps other than one, from both ends, or where an earlier"
    " character points to",
    "accumulator": "keep a running number, changed by each character, bounded by a remainder, and let it show in the"
    " result",
    "sort_with_key": "add a step that sorts words or pieces by a key of two parts, with ties broken by their position",
    "while_rewrite": "add a while loop that rewrites the string until a condition holds or a small number of rounds is"
    " over",
}
"""Operator → the change, as the prompt says it. Its name stands in ``metadata.operators``."""


def draw(table: dict[str, str], many: int, choose: random.Random, only: Sequence[str] = ()) -> list[str]:
    """``many`` names of a table, none twice until all were there; of ``only``, where that is not empty."""
    names = sorted(only) if only else sorted(table)
    found: list[str] = []
    while len(found) < many:
        found += choose.sample(names, len(names))
    return found[:many]
