"""Programming problems in the layouts in which they are published, made by seed: for tests of the recipe of code."""

from __future__ import annotations

import json
import random

STORIES = (
    "Mira keeps a list of weights of parcels that arrive at the harbour during the night",
    "The gardener writes down how many bulbs every bed of the park received this autumn",
    "A small cinema records the number of tickets it sold before each of the evening films",
    "Tomas measures the water level of the canal each morning and notes it in millimetres",
    "The choir counts how often each of its members came too late to the rehearsal this year",
    "On the long shelf of the archive every box has a label with a positive whole number on it",
    "A tram conductor counts the passengers who get on at each stop of the winding hill line",
    "The bakery notes how many loaves of rye bread were left over at the end of every day",
)
TASKS = (
    ("report the sum of all values multiplied by {a}, and then increased by {b}", "sum(v) * {a} + {b}"),
    (
        "report how many of the values leave a remainder of {b} when they are divided by {a}",
        "sum(x % {a} == {b} for x in v)",
    ),
    ("report the largest of the values after {b} was taken away from each of them {a} times", "max(v) - {a} * {b}"),
    ("report the smallest of the values after {b} was added to each of them {a} times", "min(v) + {a} * {b}"),
    (
        "report the sum of the squares of the values, modulo {a}, and then raised by {b}",
        "sum(x * x for x in v) % {a} + {b}",
    ),
)
WORDS = (
    "amber anchor autumn barley basket beacon birch bronze candle canvas cedar cellar chapel cherry clover "
    "cobalt copper coral cotton cradle crystal damson dapple ember fennel ferry fiddle flint garnet ginger "
    "granite hazel heron indigo ivory jasmine juniper kettle lantern lavender linen lobster maple marble "
    "meadow mulberry mustard nettle nutmeg oaken olive opal orchard otter paddle pebble pepper plover poppy "
    "pottery quarry quartz raven ribbon rowan saddle saffron sage sandal satin silver sorrel sparrow spruce "
    "tallow thimble thistle timber turnip velvet vessel walnut willow wool"
)
PROGRAM = "n = int(input())\nv = list(map(int, input().split()))\nprint({expression})\n"
OTHER = "import sys\ndata = sys.stdin.read().split()\nv = [int(one) for one in data[1:]]\nprint({expression})\n"


GROUPS = len(STORIES) * len(TASKS)


class MadeProblem:
    """A problem that reads a list of numbers and prints one.

    Args:
        number: decides story, task and constants. Those that are alike modulo ``GROUPS`` have all words in common and
            differ in their constants alone; others share some words.
    """

    def __init__(self, number, *, seed=0, tests=6):
        rng = random.Random(f"{seed}/{number}")
        self.number, self.story = number, STORIES[number % len(STORIES)]
        words, expression = TASKS[number // len(STORIES) % len(TASKS)]
        block, group = divmod(number, GROUPS)
        self.aside = " ".join(random.Random(f"aside {group}").sample(WORDS.split(), 70))
        self.a, self.b = 3 + 2 * block + rng.randrange(2), 1 + rng.randrange(2)
        self.words, self.expression = (text.format(a=self.a, b=self.b) for text in (words, expression))
        self.limit = 1000 + 10 * number
        self.inputs = [[rng.randrange(1, self.limit) for _ in range(rng.randrange(2, 8))] for _ in range(tests)]

    @property
    def tests(self):
        return [(f"{len(v)}\n{' '.join(map(str, v))}\n", f"{eval(self.expression, {'v': v})}\n") for v in self.inputs]

    @property
    def programs(self):
        return [PROGRAM.format(expression=self.expression), OTHER.format(expression=self.expression)]

    def statement(self, style="apps"):
        body = f"{self.story}. What people saw there: {self.aside}. Afterwards you have to {self.words}."
        bounds = {"apps": f"$n$ ($1 \\le n \\le {self.limit}$)", "plain": f"n (1 ≤ n ≤ {self.limit})"}[style]
        given = f"The first line contains an integer {bounds}. The second line contains as many integers."
        wanted = "Print one integer, the answer to the question."
        shown_in, shown_out = (text.strip() for text in self.tests[0])
        if style == "apps":
            return (
                f"{body}\n\n-----Input-----\n\n{given}\n\n-----Output-----\n\n{wanted}\n\n"
                f"-----Examples-----\nInput\n{shown_in}\n\nOutput\n{shown_out}\n"
            )
        example = f"Example\n\nInput\n\n{shown_in}\n\n\nOutput\n\n{shown_out}"
        return f"{body}\n\nInput\n\n{given}\n\nOutput\n\n{wanted}\n\n{example}"


def apps_row(number, statement, tests, programs, **more):
    """As on the hub: columns of JSON text."""
    given, wanted = zip(*tests, strict=True) if tests else ((), ())
    return {
        "problem_id": number,
        "question": statement,
        "solutions": json.dumps(programs) if programs else "",
        "input_output": json.dumps({"inputs": given, "outputs": wanted}),
        "difficulty": "interview",
        "url": f"https://codeforces.com/problemset/problem/{number}/A",
        "starter_code": "",
        **more,
    }


def taco_row(statement, tests, programs, **more):
    """TACO's: no id, limits in words, lists as Python prints them."""
    row = apps_row(0, statement, tests, programs)
    del row["problem_id"]
    words = {"time_limit": "2.0 seconds", "memory_limit": "256.0 megabytes", "tags": "['Math']", "skill_types": "[]"}
    return {**row, **words, "name": None, "source": "codeforces", "raw_tags": "['math']", **more}


def code_contests_row(number, statement, tests, programs, **more):
    """CodeContests' : structs of lists, languages by number, limits in seconds and nanoseconds."""

    def columns(pairs):
        return {"input": [given for given, _ in pairs], "output": [wanted for _, wanted in pairs]}

    return {
        "name": f"{number}_A. Summary",
        "description": statement,
        "public_tests": columns(tests[:1]),
        "private_tests": columns(tests[1:3]),
        "generated_tests": columns(tests[3:]),
        "source": 2,
        "difficulty": 7,
        "solutions": {
            "language": [3] * len(programs) + [4, 1],
            "solution": [*programs, "public class Main { }", "print 1"],
        },
        "incorrect_solutions": {"language": [3], "solution": ["print(0)"]},
        "cf_contest_id": number,
        "cf_index": "A",
        "cf_rating": 800,
        "cf_tags": ["math", ""],
        "is_description_translated": False,
        "untranslated_description": "",
        "time_limit": {"seconds": 2, "nanos": 0},
        "memory_limit_bytes": 256000000,
        "input_file": "",
        "output_file": "",
        **more,
    }


def codeforces_row(number, statement, tests, **more):
    """open-r1/codeforces: statements in parts, no solutions."""
    body, _, rest = statement.partition("\n\nInput\n\n")
    given, _, rest = rest.partition("\n\nOutput\n\n")
    return {
        "id": f"{number}/A",
        "title": "Summary",
        "description": body,
        "input_format": given,
        "output_format": rest.partition("\n\nExample\n\n")[0],
        "interaction_format": None,
        "note": None,
        "examples": [{"input": one, "output": other} for one, other in tests[:1]],
        "official_tests": [{"input": one.replace("\n", "\r\n"), "output": other} for one, other in tests],
        "official_tests_complete": True,
        "time_limit": 2.0,
        "memory_limit": 256.0,
        "input_mode": "stdio",
        "generated_checker": None,
        "rating": 800,
        "tags": ["math"],
        **more,
    }
