"""Problems about counting and chance."""

from __future__ import annotations

from itertools import product
from math import gcd
from typing import Any

import sympy
from sympy import Integer, Rational, binomial, factorial
from sympy.functions.combinatorial.numbers import nC, stirling

from synthetic1.tasks.mathematics.problem import counted, listed, with_article
from synthetic1.tasks.programs.choices import Choices

Drawn = tuple[str, Any]
WORDS = (
    "BANANA LETTER PEPPER COFFEE BALLOON SUCCESS ADDRESS COMMITTEE TENNESSEE MISSISSIPPI PARALLEL ASSESSES BEEKEEPER "
    "COCONUT KEEPER NONSENSE SEVENTEEN TATTOO VOODOO WEEKEND GIGGLE HUBBUB LOLLIPOP MAMMAL POSSESS REFERRER ROTATOR "
    "SASSAFRAS SENSELESS STATISTICS"
)
ALPHABET = "ABCDEFGHIKLMNOPRSTUVWXYZ"
THINGS = ("book", "toy", "letter", "task", "present", "photo", "ticket", "stamp", "key", "map")
COLOURS = ("red", "blue", "green", "white")


def combinatorics(level: int, draw: Choices) -> Drawn:
    """Choices, arrangements, distributions."""
    if level == 1:
        people, chosen = draw.integer(6, 60), draw.integer(2, 5)
        place = draw.pick(("club", "class", "choir", "team", "village council", "company", "orchestra", "school"))
        noun = draw.pick(("committee", "delegation", "group", "jury"))
        whom = f"{with_article(noun)} of {chosen} people be chosen from {with_article(place)} of {people}"
        return f"In how many ways can {whom}?", nC(people, chosen)
    if level == 2:
        word = draw.pick(WORDS.split())
        dropped = draw.pick(("", *sorted(set(word))))
        used = word.replace(dropped, "", 1)
        for _ in range(2):
            used += draw.pick(ALPHABET) * draw.integer(1, 2)
        value = factorial(len(used))
        for letter in set(used):
            value /= factorial(used.count(letter))
        return f"How many different arrangements do the letters {listed(sorted(used))} have in a row?", value
    if level == 3:
        names = draw.integer(3, 6)
        lowest = [draw.integer(2, 6) for _ in range(names)]
        total = sum(lowest) + draw.integer(5, 25)
        value = binomial(total - sum(lowest) + names - 1, names - 1)
        unknowns = " + ".join(f"x_{j + 1}" for j in range(names))
        bounds = ", ".join(rf"x_{j + 1} \ge {low}" for j, low in enumerate(lowest))
        return f"How many integer solutions does ${unknowns} = {total}$ have with ${bounds}$?", value
    if level == 4:
        women, men = draw.integer(5, 25), draw.integer(5, 25)
        chosen = draw.integer(4, 7)
        least = draw.integer(2, chosen - 2)
        value = sum(binomial(women, j) * binomial(men, chosen - j) for j in range(least, chosen + 1))
        statement = f"From {women} women and {men} men, {chosen} people are chosen. In how many ways can that be done "
        return statement + f"if at least {least} of them must be women?", value
    things, boxes = draw.integer(9, 15), draw.integer(4, 6)
    thing = draw.pick(THINGS)
    holder = draw.pick(("children", "shelves", "people", "rooms", "drawers", "teams", "boxes", "friends", "clerks"))
    statement = (
        f"In how many ways can {things} different {thing}s be distributed among {boxes} different {holder} so that "
    )
    named = draw.pick((0, 1, 2, 2))  # of the boxes it is said how much they get
    if named == 0:
        return f"{statement}none of the {holder} is left with nothing?", onto(things, boxes)
    exact, value = [], Integer(1)
    for name in ("the first of them gets", "the second")[:named]:
        gets = draw.integer(1, 3)
        exact.append(f"{name} exactly {counted(gets, thing, f'{thing}s')}")
        value, things, boxes = value * binomial(things, gets), things - gets, boxes - 1
    rest = f"{', '.join(exact)} and none of the others is left with nothing"
    return f"{statement}{rest}?", value * onto(things, boxes)


def onto(things: int, boxes: int) -> Any:
    """In how many ways different things fall into different boxes, none of which stays empty."""
    return stirling(things, boxes) * factorial(boxes)


def probability(level: int, draw: Choices) -> Drawn:
    """Drawing from an urn, dice, coins that are not fair, and what is known afterwards."""
    if level == 1:
        shown, counts = bag(draw, draw.integer(3, 4))
        colour = draw.pick(list(counts))
        value = 1 - Rational(counts[colour], sum(counts.values()))
        return f"A bag holds {shown}. One is drawn at random. What is the probability that it is not {colour}?", value
    if level == 2:
        shown, counts = bag(draw, draw.integer(3, 4))
        value = sum(binomial(number, 2) for number in counts.values()) / binomial(sum(counts.values()), 2)
        statement = f"A bag holds {shown}. Two are drawn at random without replacement. "
        return statement + "What is the probability that they have the same colour?", value
    if level == 3:
        sides = [draw.integer(4, 12) for _ in range(3)]
        least = draw.integer(sum(sides) // 3, sum(sides) - 2)
        hits = sum(sum(roll) >= least for roll in product(*(range(1, side + 1) for side in sides)))
        statement = (
            f"Three fair dice have {listed([str(side) for side in sides])} sides, numbered from 1. All are rolled."
        )
        value = Rational(hits, sympy.prod(sides))
        return f"{statement} What is the probability that the sum is at least {least}?", value
    if level == 4:
        below = draw.integer(4, 40)
        while gcd(above := draw.integer(1, below - 1), below) > 1:
            pass
        chance = Rational(above, below)
        throws, bound = draw.integer(5, 9), draw.integer(2, 3)
        most = draw.chance(0.5)
        heads = range(bound + 1) if most else range(bound, throws + 1)
        value = sum(binomial(throws, j) * chance**j * (1 - chance) ** (throws - j) for j in heads)
        shown = rf"\frac{{{chance.p}}}{{{chance.q}}}"
        statement = f"A coin shows heads with probability ${shown}$. It is thrown {throws} times."
        return f"{statement} What is the probability of at {'most' if most else 'least'} {bound} heads?", value
    colour, *others = COLOURS[: draw.integer(2, 3)]
    bags = [bag(draw, 1 + len(others)) for _ in range(3)]
    asked, drawn = draw.integer(0, 2), draw.integer(2, 3)
    ways = [binomial(counts[colour], drawn) / binomial(sum(counts.values()), drawn) for _, counts in bags]
    if not any(ways):
        return probability(level, draw)
    held = listed([f"bag {name} holds {shown}" for name, (shown, _) in zip("ABC", bags, strict=True)])
    statement = f"{held[0].upper()}{held[1:]}. One of the three bags is chosen at random, and {drawn} balls are drawn "
    statement += f"from it at random without replacement. All of them are {colour}. "
    return f"{statement}What is the probability that they come from bag {'ABC'[asked]}?", ways[asked] / sum(ways)


def bag(draw: Choices, colours: int) -> tuple[str, dict[str, int]]:
    """``5 red, 2 blue and 4 green balls``, and how many of each colour."""
    counts = {colour: draw.integer(2, 15) for colour in COLOURS[:colours]}
    return f"{listed([f'{number} {colour}' for colour, number in counts.items()])} balls", counts
