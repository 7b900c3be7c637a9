"""Problems about counting and chance."""

from __future__ import annotations

from itertools import product
from typing import Any

import sympy
from sympy import Integer, Rational, binomial, factorial
from sympy.functions.combinatorial.numbers import nC, stirling

from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]
WORDS = (
    "BANANA LETTER PEPPER COFFEE BALLOON SUCCESS ADDRESS COMMITTEE TENNESSEE MISSISSIPPI PARALLEL ASSESSES BEEKEEPER "
    "COCONUT KEEPER NONSENSE SEVENTEEN TATTOO VOODOO WEEKEND GIGGLE HUBBUB LOLLIPOP MAMMAL POSSESS REFERRER ROTATOR "
    "SASSAFRAS SENSELESS STATISTICS"
)
COLOURS = ("red", "blue", "green", "white")


def combinatorics(level: int, draw: Choices) -> Drawn:
    """Choices, arrangements, distributions."""
    if level == 1:
        people, chosen = draw.integer(6, 40), draw.integer(2, 5)
        place = draw.pick(("club", "class", "choir", "team", "village council", "company", "orchestra", "school"))
        noun = draw.pick(("committee", "delegation", "group", "jury"))
        statement = f"In how many ways can a {noun} of {chosen} people be chosen from a {place} of {people}?"
        return statement, nC(people, chosen)
    if level == 2:
        word = draw.pick(WORDS.split())
        letters = sorted(set(word))
        dropped = draw.pick(("", *letters))
        extra = draw.pick("ABCDEFGHIKLMNOPRSTUVWXYZ") * draw.integer(0, 3)
        used = word.replace(dropped, "", 1) + extra
        value = factorial(len(used))
        for letter in set(used):
            value /= factorial(used.count(letter))
        return f"How many different arrangements do the letters {', '.join(sorted(used))} have in a row?", value
    if level == 3:
        women, men = draw.integer(4, 14), draw.integer(4, 14)
        chosen = draw.integer(3, 7)
        least = draw.integer(1, chosen - 1)
        value = sum(binomial(women, j) * binomial(men, chosen - j) for j in range(least, chosen + 1))
        statement = f"From {women} women and {men} men, {chosen} people are chosen. In how many ways can that be done "
        return statement + f"if at least {least} of them must be {'a woman' if least == 1 else 'women'}?", value
    if level == 4:
        names = draw.integer(3, 6)
        lowest = [draw.integer(0, 4) for _ in range(names)]
        total = sum(lowest) + draw.integer(5, 25)
        value = binomial(total - sum(lowest) + names - 1, names - 1)
        unknowns = " + ".join(f"x_{j + 1}" for j in range(names))
        bounds = ", ".join(rf"x_{j + 1} \ge {low}" for j, low in enumerate(lowest))
        return f"How many integer solutions has ${unknowns} = {total}$ with ${bounds}$?", value
    things, boxes = draw.integer(5, 10), draw.integer(3, 5)
    thing = draw.pick(("books", "toys", "letters", "tasks", "presents", "photos", "tickets", "stamps", "keys", "maps"))
    holder = draw.pick(("children", "shelves", "people", "rooms", "drawers", "teams", "boxes", "friends", "clerks"))
    bound = draw.integer(0, 2)
    numbers = f"{things} different {thing} be distributed among {boxes} different {holder}"
    if bound == 0:
        statement = f"In how many ways can {numbers} so that none of the {holder} is left with nothing?"
        return statement, stirling(things, boxes) * factorial(boxes)
    which = ("the first of them gets", "the first two of them together get")[bound - 1]
    exactly = draw.integer(1, things - 1)
    statement = f"In how many ways can {numbers} so that {which} exactly {exactly} {thing}?"
    return statement, binomial(things, exactly) * Integer(bound) ** exactly * Integer(boxes - bound) ** (
        things - exactly
    )


def probability(level: int, draw: Choices) -> Drawn:
    """Drawing from an urn, dice, coins that are not fair, and what is known afterwards."""
    counts = {colour: draw.integer(2, 12) for colour in COLOURS[: draw.integer(2, 4)]}
    total = sum(counts.values())
    listed = ", ".join(f"{number} {colour}" for colour, number in counts.items())
    colour = draw.pick(list(counts))
    urn = f"A bag holds {listed} balls."
    if level == 1:
        value = 1 - Rational(counts[colour], total)
        return f"{urn} One is drawn at random. What is the probability that it is not {colour}?", value
    if level == 2:
        value = sum(binomial(number, 2) for number in counts.values()) / binomial(total, 2)
        return (
            f"{urn} Two are drawn at random without replacement. What is the probability that they have the same "
            + ("colour?"),
            value,
        )
    if level == 3:
        sides = [draw.integer(4, 12) for _ in range(3)]
        least = draw.integer(sum(sides) // 3, sum(sides) - 2)
        hits = sum(sum(roll) >= least for roll in product(*(range(1, side + 1) for side in sides)))
        statement = (
            f"Three fair dice have {sides[0]}, {sides[1]} and {sides[2]} sides, numbered from 1. All are rolled."
        )
        return f"{statement} What is the probability that the sum is at least {least}?", Rational(
            hits, sides[0] * sides[1] * sides[2]
        )
    below = draw.integer(3, 20)
    chance = Rational(draw.integer(1, below - 1), below)
    if level == 4:
        throws, least = draw.integer(4, 8), draw.integer(2, 4)
        value = sum(binomial(throws, j) * chance**j * (1 - chance) ** (throws - j) for j in range(least, throws + 1))
        shown = rf"\frac{{{chance.p}}}{{{chance.q}}}"
        statement = f"A coin shows heads with probability ${shown}$. It is thrown {throws} times."
        return f"{statement} What is the probability of at least {least} heads?", value
    drawn, seen = draw.integer(3, 4), draw.integer(1, 2)
    ways = [binomial(counts[colour], j) * binomial(total - counts[colour], drawn - j) for j in range(drawn + 1)]
    known, asked = sum(ways[seen:], Integer(0)), ways[seen + 1] if seen + 1 <= drawn else Integer(0)
    if known == 0:
        return probability(level, draw)
    return (
        f"{urn} {drawn} are drawn at random without replacement, and at least {seen} of them "
        f"{'is' if seen == 1 else 'are'} {colour}. What is the probability that exactly {seen + 1} are {colour}?"
    ), sympy.Rational(asked, known)
