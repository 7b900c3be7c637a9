"""The audit as a whole: the rates that known verifiers must get, and memory that does not grow."""

from __future__ import annotations

import gc
import random
import re
import tracemalloc
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic1 import Completion, Scorer, Task, Verdict, Verifier
from synthetic1.evaluation.auditing.case import AuditCase, Certainty, OracleAnswer
from synthetic1.evaluation.auditing.counts import AuditCounts
from synthetic1.evaluation.auditing.math_cases import MathCases
from synthetic1.evaluation.auditing.running import audit
from synthetic1.tasks.sources.spec import open_tasks

TYPE = "verifiable_math"
ONE = re.compile(r"[-−]?(?:\d+(?:\.\d+)?|\.\d+)")
NAME = re.compile(
    r"[a-zA-Z]|f\(2\)|S_\{(?:\\triangle ABC|10)\}|\|AB\||P\(A\|B\)|m_\{\\max\}|\\cos\\theta|\\mathbb\{E\}\[X\]"
)
FULL = 6_000  # tasks, after which a scorer has the 10,000 durations that it keeps


def task(gold, number=0, prompt="What is it?"):
    return Task(str(number), TYPE, prompt, {"ground_truth": gold}, source="numbers")


@dataclass(frozen=True)
class OfTheGold(Verifier):
    """Verifiers of these tests write the gold in a box."""

    inline = True
    version = 1

    def gold_completion(self, task):
        return f"\\boxed{{{task.verification_info['ground_truth']}}}"


@dataclass(frozen=True)
class Always(OfTheGold):
    """The same for everybody."""

    score: float | None = 1.0

    async def verify(self, task, completion):
        if self.score is None:
            return Verdict.unscorable("infra", "no idea")
        return Verdict.graded(self.score)


@dataclass(frozen=True)
class Numbers(OfTheGold):
    """A verifier of rational numbers in one box that knows no mathematics but theirs: the reference."""

    async def verify(self, task, completion):
        boxes = re.findall(r"\\boxed\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", completion.answer)
        outside = re.sub(r"\\boxed\{.*\}", "", completion.answer)
        said = {self.read(box) for box in boxes}
        right = said == {self.read(task.verification_info["ground_truth"])} and None not in said
        return Verdict.graded(float(right and not re.search(r"\bnot\b|\bor\b", outside)))

    @staticmethod
    def read(text):
        text = re.sub(r"\\left|\\right|\\displaystyle|[$]", "", text).strip()
        text = re.sub(r"^\\(?:text|mathrm|mathbf)\{(.*)\}$", r"\1", text)
        name, sign, value = text.partition("=")
        if sign:
            text = value.strip() if NAME.fullmatch(name.strip()) else ""
        text = re.sub(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}(?!\d))", "", text).replace("−", "-")
        if found := re.fullmatch(r"(-? ?)(\d*)\\[dt]?frac(?:\{(-?\d+)\}\{(\d+)\}|(\d)(\d))", text):
            over, under = int(found[3] or found[5]), int(found[4] or found[6])
            if not under:
                return None
            value = int(found[2] or 0) + Fraction(over, under)
            return -value if found[1] else value
        if found := re.fullmatch(r"(-?\d+)/(\d+)", text):
            return Fraction(text) if int(found[2]) else None
        return Fraction(text.replace("−", "-")) if ONE.fullmatch(text) else None


def audited(tasks, verifier, maker=None, **more):
    counts, maker = AuditCounts(), maker or MathCases(patient=False)
    with Scorer({TYPE: verifier}) as scorer:
        audit(tasks, scorer, {TYPE: maker}, counts, source="here", **more)
    return counts


GOLDS = ["5", "-12", "12345", r"\frac{3}{8}", "0.375", r"\frac{7}{3}", "9.0", "1/3"]
TASKS = [task(gold, number) for number, gold in enumerate(GOLDS)]


def test_a_verifier_that_accepts_everything():
    counts = audited(TASKS, Always(1.0)).to_dict()
    assert (counts["false_rejects"], counts["false_reject_rate"]) == (0, 0.0)
    assert counts["false_accepts"] == counts["mutants"] > 300
    assert counts["false_accept_rate"] == 1.0


def test_a_verifier_that_accepts_nothing():
    counts = audited(TASKS, Always(0.0)).to_dict()
    assert (counts["false_accepts"], counts["false_accept_rate"]) == (0, 0.0)
    assert counts["false_rejects"] == counts["equivalents"] > 150
    assert counts["false_reject_ci95"][1] == 1.0


def test_a_verifier_that_gives_no_scores():
    counts = audited(TASKS, Always(None))
    assert (counts.total.golds, counts.total.unscorable) == (len(GOLDS), len(GOLDS))
    assert counts.total.equivalents.cases == counts.total.mutants.cases == 0
    assert {gold.gold for gold in counts.unscorable} == set(GOLDS)


def test_partial_credit_is_wrong_on_either_side():
    counts = audited(TASKS[:1], Always(0.5)).total
    assert counts.equivalents.wrong == counts.equivalents.cases
    assert counts.mutants.wrong == counts.mutants.cases


def test_the_sums_by_family_source_and_kind_agree():
    counts = audited(TASKS, Always(1.0)).to_dict()
    for groups in (counts["by_family"], counts["by_source"]):
        for name in ("golds", "equivalents", "mutants", "false_accepts"):
            assert sum(group[name] for group in groups.values()) == counts[name]
    kinds = counts["by_kind"].values()
    for expected, side in ((1.0, "equivalents"), (0.0, "mutants")):
        assert sum(kind["cases"] for kind in kinds if kind["expected"] == expected) == counts[side]


rationals = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.tuples(st.integers(-99, 99), st.integers(2, 99)).map(lambda pair: rf"\frac{{{pair[0]}}}{{{pair[1]}}}"),
    st.tuples(st.integers(-99, 99), st.integers(0, 999)).map(lambda pair: f"{pair[0]}.{pair[1]:03d}"),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rationals, rationals, st.integers(0, 10**6))
def test_numbers_are_judged_as_a_verifier_of_numbers_judges_them(gold, before, seed):
    """Every equivalent of a number is that number, and no mutant is: a second implementation says so."""
    counts = audited([task(before, 1), task(gold, 2)], Numbers(), seed=seed)
    assert list(counts.offenders(1.0)) == []
    assert list(counts.offenders(0.0)) == []
    assert counts.total.equivalents.cases > 20
    assert counts.total.mutants.cases > 40


def test_the_same_seed_makes_the_same_cases():
    first, again, other = (audited(TASKS, Always(1.0), seed=seed) for seed in (3, 3, 4))
    assert first.to_dict() == again.to_dict() != other.to_dict()
    alone = audited(TASKS[2:3], Always(1.0), seed=3)  # other tasks do not matter, but for the neighbour
    kept = [offender for offender in first.offenders(0.0) if offender.task == "2" and offender.kind != "neighbour"]
    assert {offender.completion for offender in kept} <= {offender.completion for offender in alone.offenders(0.0)}


class Told:
    """A maker of one case a task, with an oracle that says what it is told."""

    def __init__(
        self, certainty=Certainty.CHECKED, quick=OracleAnswer.UNREAD, patient=OracleAnswer.UNREAD, expected=0.0
    ):
        self.case = AuditCase("told", expected, "\\boxed{0}", "0", certainty)
        self.quick, self.patient, self.asked = quick, patient, 0

    def cases(self, task, neighbour, rng):
        yield AuditCase(self.case.kind, self.case.expected, self.case.completion, "0", self.case.certainty)

    def gold_text(self, task):
        return str(task.verification_info["ground_truth"])

    def quick_answers(self, task, cases):
        return [self.quick] * len(cases)

    def patient_answers(self, task, cases):
        self.asked += len(cases)
        return [self.patient] * len(cases)

    def close(self):
        pass


E, D, U = OracleAnswer.EQUAL, OracleAnswer.DIFFERENT, OracleAnswer.UNREAD


@pytest.mark.parametrize(
    ("certainty", "quick", "patient", "errors", "refuted", "unread", "asked"),
    [
        (Certainty.ASSERTED, E, E, 1, 0, 0, 0),
        (Certainty.CERTAIN, D, U, 1, 0, 0, 0),
        (Certainty.CERTAIN, E, U, 0, 1, 0, 0),
        (Certainty.CERTAIN, U, U, 1, 0, 0, 1),
        (Certainty.CERTAIN, U, E, 0, 1, 0, 1),
        (Certainty.CHECKED, D, U, 1, 0, 0, 0),
        (Certainty.CHECKED, E, U, 0, 1, 0, 0),
        (Certainty.CHECKED, U, D, 1, 0, 0, 1),
        (Certainty.CHECKED, U, E, 0, 1, 0, 1),
        (Certainty.CHECKED, U, U, 0, 0, 1, 1),
    ],
)
def test_an_error_has_passed_the_oracle(certainty, quick, patient, errors, refuted, unread, asked):
    maker = Told(certainty, quick, patient)
    kind = audited(TASKS[:1], Always(1.0), maker).by_kind["told"]
    assert (kind.wrong, kind.refuted, kind.unread, maker.asked) == (errors, refuted, unread, asked)


@pytest.mark.parametrize(("thorough", "asked", "cases"), [(False, 0, 1), (True, 1, 0)])
def test_the_patient_oracle_is_asked_about_surprises_or_about_everything(thorough, asked, cases):
    maker = Told()
    counts = audited(TASKS[:1], Always(0.0), maker, thorough=thorough)
    assert (maker.asked, counts.by_kind["told"].cases) == (asked, cases)


def test_other_task_types_and_tasks_without_gold_are_named():
    @dataclass(frozen=True)
    class Silent(Always):
        def gold_completion(self, task):
            return None

    counts = audited([Task("1", "poetry", "p"), TASKS[0]], Silent())
    assert counts.not_audited == {
        "tasks of type `poetry`, of which no cases are made yet": 1,
        "tasks without a gold": 1,
    }
    assert counts.total.golds == 0


def test_a_verifier_that_cannot_write_its_gold_is_named():
    @dataclass(frozen=True)
    class Broken(Always):
        def gold_completion(self, task):
            raise KeyError("gold")

    [gold] = audited(TASKS[:1], Broken()).unscorable
    assert (gold.reason, gold.why) == ("unscorable_infra", "gold_completion raised KeyError: 'gold'")


def test_progress_is_told_of_every_task():
    told = []
    audited([Task("1", "poetry", "p"), *TASKS], Always(1.0), advance=lambda: told.append(1))
    assert len(told) == 1 + len(TASKS)


def test_errors_kept_are_the_shortest_and_bounded():
    counts = audited([task("5" * length, length) for length in range(1, 40)], Always(1.0))
    for kind in ("guess_or", "sign_flipped"):
        kept = [offender for offender in counts.offenders(0.0) if offender.kind == kind]
        assert [len(offender.gold) for offender in kept] == list(range(1, 9))


def test_embedded_tasks_against_a_verifier_that_asks_the_oracle():
    """What the audit claims, and what its oracle says, never contradict each other on real tasks."""

    @dataclass(frozen=True)
    class Oracle(Always):
        async def verify(self, task, completion):
            found = MathCases(patient=False).quick_answers(task, [AuditCase("", 1.0, "", boxed(completion))])[0]
            return Verdict.graded(float(found is E)) if found is not U else Verdict.unscorable("infra", "unread")

    def boxed(completion: Completion):
        found = re.search(r"\\boxed\{(.*)\}", completion.answer or "", re.DOTALL)
        return found[1] if found else ""

    source = open_tasks("embedded:math")
    rng = random.Random(5)
    tasks = [source[place] for place in rng.sample(range(len(source)), 12)]
    counts = audited(tasks, Oracle())
    asserted = {"guess", "negation", "word", "echo", "box"}
    wrong = [o for side in (0.0, 1.0) for o in counts.offenders(side) if o.kind.split("_")[0] not in asserted]
    assert wrong == []


@pytest.mark.parametrize("size", [FULL + 3_000, pytest.param(50_000, marks=pytest.mark.proofs)])
def test_memory_does_not_grow_with_the_source(size):
    """Once a scorer has as many durations as it keeps, the peak is that of a batch, however many tasks follow."""

    def tasks():
        for number in range(size):
            yield task(str(number), number)
            if number in (FULL, size - 1):
                gc.collect()
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.reset_peak()

    peaks, maker = [], Told(Certainty.ASSERTED)
    tracemalloc.start()
    try:
        counts = audited(tasks(), Always(1.0), maker)
    finally:
        tracemalloc.stop()
    assert counts.total.golds == counts.total.mutants.wrong == size
    assert peaks[1] < peaks[0] + 100_000


@dataclass(frozen=True)
class OnlyVerifies(Verifier):
    """A verifier as docs/verifiers.md teaches it: it names no gold's completion."""

    version = 1

    async def verify(self, task, completion):
        return Verdict.graded(1.0)


def test_a_verifier_that_only_verifies_is_given_the_completions_of_ours():
    counts = audited([task("5"), task("7", 1)], OnlyVerifies()).to_dict()
    assert counts["golds"] == 2
    assert counts["false_accepts"] == counts["mutants"] > 0
    assert not counts["not_audited"]
