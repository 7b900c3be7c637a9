"""Rows written for ``funnels.py``: problems with many right outputs, commits, questions, articles of a local paper."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from code_problems import STORIES, apps_row
from question_rows import answer_of, question_of, write_posts

ROOT = Path(__file__).resolve().parent.parent
Given = dict[str, Any]
"""Settings of a run, beside those that all have."""
BY_CONTENT = {
    "math": {
        "in your own words": "open_ended",
        "the number found before": "incomplete",
        "as large as you like": "ambiguous",
        "capital of": "not_mathematics",
    },
    "stem": {
        "What do you think": "objective",
        "In which year": "reasoning",
        "from the last exercise": "self_contained",
    },
}
"""Words of rows that no rule refuses, and what the model says of them."""
ORDERED = {
    "the divisors of n that are not k": "n % d == 0 and d != k",
    "the numbers from 1 to n that leave the remainder 1 when divided by k": "d % k == 1",
    "the numbers up to n whose last digit is that of k": "d % 10 == k % 10",
    "the numbers up to n whose square ends like k does": "d * d % 10 == k * k % 10",
}
"""Problems with many right outputs: what is printed, in any order, and when a number d is."""
PRINTS = (
    "n, k = map(int, input().split())\nv = [d for d in range(1, n + 1) if {test}]\nfor x in v{order}:\n    print(x)\n"
)


PHYSICS = (
    (
        "A ball dropped from {n} metres keeps $3/4$ of its energy at every bounce. How high is its second rise?",
        "The height is proportional to the energy, $E = mgh$, so it rises to $(3/4)^2 \\cdot {n}$ metres.",
    ),
    (
        "A wire of {n} ohm is cut into three equal parts joined side by side. What has the bundle?",
        "Each part has a third of ${n}\\,\\Omega$, three in parallel have a third of that: ${n}/9\\,\\Omega$ in all.",
    ),
    (
        "A weight hangs from a spring and swings with a period of {n} seconds. What is it for four times the weight?",
        "From $T = 2\\pi\\sqrt{{m/k}}$ the period grows with the root of the mass, so it is $2 \\cdot {n}$ seconds.",
    ),
    (
        "An ideal gas at {n} kelvin is heated at a fixed volume until its pressure has doubled. How warm is it then?",
        "At fixed volume $p/T$ stays the same, so twice the pressure is twice the temperature: $2 \\cdot {n}$ kelvin.",
    ),
    (
        "Light of {n} nanometres falls on a double slit. What becomes of the fringes when the whole is put into water?",
        "The wavelength shrinks to ${n}/1.33$ nanometres, and the distance of the fringes by the same factor.",
    ),
    (
        "How much ice of 0 degrees can {n} grams of water of 40 degrees melt, if nothing is lost to the surroundings?",
        "The water gives off $4.2 \\cdot 40 \\cdot {n}$ joules, and a gram takes 334: about half a gram each.",
    ),
)
"""A question and its answer, about a number."""

ARTICLES = (
    "The ferry to the islands did not sail on Tuesday. A gale of 9 knots more than the captain allows had pushed the "
    "sand of the bar into the channel, and 14 lorries with fish waited on the quay until the next tide.",
    "In the old mill, three sisters bake bread as their grandmother did: flour from Hollin's farm, water, "
    "salt, and 36 hours of patience. On Saturdays the queue reaches the church.",
    "The council met for five hours and 20 minutes. It agreed about the lamps, argued about the trees, "
    "and put off the swimming bath, whose roof has leaked since 1987, for the ninth time.",
    'A comet can be seen before sunrise, in the east, until the 21st. "You need no glass for it," says the '
    'observatory; "a dark field, a warm coat and some luck with the clouds will do."',
    "Our team lost again, 2:3, after it had led twice. The goalkeeper, who is 41 and drives the school bus, "
    "was carried off the field on the shoulders of both sides.",
    "Prices at the wool fair rose by a tenth. Buyers of four countries took 60 rooms, and Mrs. Orr "
    "sold the fleece of one ram, white as milk, for more than her first car had cost.",
)


def few(many: int, part: int) -> int:
    """One ``part``-th, one at least."""
    return max(1, many // part)


def write(path: Path, rows: Iterable[Given | str]) -> str:
    """As JSON Lines; a text is a line as it stands."""
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def ordered_row(number: int) -> Given:
    """A problem whose numbers may be printed in any order, its programs in two."""
    words = list(ORDERED)[number % len(ORDERED)]
    statement = f"Task {number}: whole numbers n and k are given. Print {words}, in any order, one number a line."
    rng, tests = random.Random(number), []
    for n, k in {(rng.randrange(12, 60) * 2, rng.randrange(2, 5)) for _ in range(4)}:
        found = [d for d in range(1, n + 1) if eval(ORDERED[words], {"n": n, "k": k, "d": d})]
        tests.append((f"{n} {k}\n", "".join(f"{one}\n" for one in found)))
    programs = [PRINTS.format(test=ORDERED[words], order=order) for order in ("", "[::-1]")]
    return apps_row(700 + number, f"{statement} {STORIES[number % 8]}; {number + 40} of them.", tests, programs)


def honest_checker(problem: str) -> str:
    """The checker of a problem that ``ordered_row`` made."""
    test = next(test for words, test in ORDERED.items() if words in problem)
    return (
        "def check(input, output, expected):\n    try:\n        n, k = map(int, input.split())\n"
        "        found = [int(line) for line in output.split()]\n    except ValueError:\n        return 'not numbers'\n"
        f"    return sorted(found) == [d for d in range(1, n + 1) if {test}] or 'other numbers'\n"
    )


VERBS = ("Count", "Skip", "Return", "Check", "Round", "Limit")
THINGS = ("orders", "parcels", "visits", "tickets", "crates", "samples", "letters", "loaves")


def commit_row(number: int, **changes: Any) -> Given:
    """A row of CommitPackFT."""
    thing, verb = THINGS[number % len(THINGS)], VERBS[number % len(VERBS)]
    before = (
        f'"""The {thing} of depot {number}."""\n\n\ndef total(rows):\n    amount = 0\n    for row in rows:\n'
        f'        amount += row["{thing}"]\n    return amount\n'
    )
    body = f'        if row["{thing}"] > {number + 7}:\n            continue\n'
    body += f'        amount += row["{thing}"] * {number + 2}\n'
    after = before.replace(f'        amount += row["{thing}"]\n', body)
    subject = f"{verb} {thing} of depot {number} only as far as its rule says"
    fields = {
        "commit": f"{number:040x}",
        "old_file": f"depot{number}/{thing}.py",
        "new_file": f"depot{number}/{thing}.py",
        "old_contents": before,
        "new_contents": after,
        "subject": subject,
        "message": f"{subject}\n",
        "lang": "Python",
        "license": ("mit", "apache-2.0", "bsd-3-clause")[number % 3],
        "repos": "someone/depots",
    }
    fields.update(changes)
    if "subject" in changes:
        fields["message"] = changes["subject"]
    return fields


def swe(folder: Path, part: int) -> Given:
    """This repository's own history, and rows of CommitPackFT."""
    faults: list[Callable[[int], Given]] = [
        lambda n: commit_row(n, subject=f"Bump version to 1.{n}.0"),
        lambda n: commit_row(n, subject=f"Merge branch 'depot{n}'"),
        lambda n: commit_row(n, subject=f"{THINGS[n % 8]}, again"),
        lambda n: commit_row(n, subject=f'Revert "Count orders {n}"'),
        lambda n: commit_row(n, new_file=f"vendor/depot{n}.py", old_file=f"vendor/depot{n}.py"),
        lambda n: commit_row(n, new_contents="# Generated by a tool. Do not edit.\n" + commit_row(n)["new_contents"]),
        lambda n: commit_row(n, new_contents=commit_row(n)["old_contents"].replace("amount = 0", "amount  =  0")),
        lambda n: commit_row(n, new_contents="\n".join(f"x{i} = {i}" for i in range(300)), subject=f"Add table {n}"),
        lambda n: commit_row(n, new_contents=""),
        lambda n: commit_row(n, old_file=f"old/depot{n}.py"),
        lambda n: {"commit": str(n), "text": "a row of another set"},
    ]
    rows = [commit_row(number) for number in range(few(90, part))]
    rows += [fault(1000 + 20 * n + i) for i, fault in enumerate(faults) for n in range(few(6, part))]
    rows += [commit_row(number, commit=f"f{number}") for number in range(few(10, part))]  # forks
    return {"input": [f"git:{ROOT}", write(folder / "commitpackft.jsonl", rows)]}


def stem(folder: Path, part: int) -> Given:
    """A dump of a site, and the paired form."""
    posts: list[dict[str, str]] = []

    def ask(number: int, question: Given, answers: list[Given]) -> None:
        title, body, reply = PHYSICS[number % 6][0][:40], *(text.format(n=number) for text in PHYSICS[number % 6])
        posts.append(
            question_of(
                number * 10,
                **{"Title": f"{title} ({number})", "Body": f"<p>{body}</p>", "AcceptedAnswerId": None, **question},
            )
        )
        posts.extend(
            answer_of(number * 10 + 1 + i, number * 10, **{"Body": f"<p>{reply}</p>", **one})
            for i, one in enumerate(answers)
        )

    for number in range(1, 1 + few(120, part)):
        ask(number, {}, [{}])
    faults: list[tuple[Given, list[Given]]] = [
        ({"Score": "0"}, [{}]),
        ({"ClosedDate": "2016-01-01T00:00:00.000"}, [{}]),
        ({"Tags": "<soft-question>"}, [{}]),
        ({"Body": '<p>See the picture. <img src="https://example.org/a.png"></p>'}, [{}]),
        ({}, []),
        ({}, [{"Score": "1"}]),
        ({}, [{"Body": '<p>Look <a href="https://example.org">here</a>.</p>'}]),
        ({}, [{"Body": "<p>Yes.</p>"}]),
        ({"Title": "Why?", "Body": "<p>Why so?</p>"}, [{}]),
        ({"Body": "<p>What do you think of this way to teach it? What do you think matters most?</p>"}, [{}]),
        ({"Body": "<p>In which year was this law found, and who found it? I only want the name.</p>"}, [{}]),
        ({"Body": "<p>How do I go on with the mass from the last exercise of our sheet? It does not fit.</p>"}, [{}]),
    ]
    for i, (question, answers) in enumerate(faults):
        for n in range(few(8, part)):
            ask(
                500 + 20 * n + i,
                {
                    **question,
                    **(
                        {"Title": f"{n} lines: {question['Body'][3:60]}"}
                        if "Body" in question and "Title" not in question
                        else {}
                    ),
                },
                answers,
            )
    for number in range(1, 1 + few(12, part)):  # the same question once more, in other letters
        body = PHYSICS[number % 6][0].format(n=number).upper()
        ask(number + 900, {"Title": f"{PHYSICS[number % 6][0][:40]} ({number})", "Body": f"<p>{body}</p>"}, [{}])
    site = write_posts(folder / "physics.stackexchange.com", posts)
    paired = []
    for number in range(300, 300 + few(40, part)):
        asked, reply = (text.format(n=number) for text in PHYSICS[number % 6])
        paired.append(
            {
                "qid": number,
                "question": asked,
                "date": "2014/05/06",
                "response_j": reply,
                "response_k": "No.",
                "metadata": [
                    f"https://chemistry.stackexchange.com/questions/{number}",
                    "https://chemistry.stackexchange.com",
                    "https://chemistry.stackexchange.com/users/1/",
                ],
            }
        )
    return {"input": [str(site), write(folder / "paired.jsonl", [*paired, {"title": "no question"}])]}


def code_understanding(folder: Path, part: int) -> Given:
    """Articles in the style of a local paper, each with several lineages."""
    rows = [{"article": text, "license": "cc0-1.0", "author": "the tests"} for text in ARTICLES]
    bad = ["{broken", {"headline": 7}, {"article": "  "}, {"article": ARTICLES[0].replace(",", " ,")}]
    asked = {"lineages": few(36, part), "languages": ["python", "javascript"], "iterations": 1, "probes": 8}
    return {"input": [write(folder / "articles.jsonl", [*rows, *bad])], "code_understanding": asked}
