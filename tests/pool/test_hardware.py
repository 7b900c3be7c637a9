"""The hardware challenge: who has the machine passes, and whoever takes a short cut does not."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.pool.errors import PoolError
from synthetic1.pool.hardware.matrices import matrix_rows, side_of
from synthetic1.pool.hardware.merkle import MerkleTree, leaf_hash, root_of
from synthetic1.pool.hardware.messages import HardwareChallenge, HardwareClaim
from synthetic1.pool.hardware.prover import HardwareProver, next_row, next_state
from synthetic1.pool.hardware.session import ChallengeFailed, ChallengeSession

SIDE = 96
CLAIM = HardwareClaim("ab" * 32, "a device", 3 * 4 * SIDE**2)


@pytest.fixture
def session(clock):
    return ChallengeSession(CLAIM, commit_within_s=60, answer_within_s=5, clock=clock)


def answered(session, prover):
    """All steps by this prover."""
    vector = session.take_commitment(prover.commit())
    rows, steps = session.take_product(prover.times(vector))
    session.take_openings(prover.open_rows(rows), prover.open_steps(steps))


def test_who_has_the_machine_passes(session):
    assert session.challenge.n == SIDE
    answered(session, HardwareProver(session.challenge))
    assert session.passed


@settings(max_examples=12, deadline=None)
@given(side=st.integers(64, 200), name=st.text(max_size=20))
def test_every_size_passes(side, name):
    claim = HardwareClaim("cd" * 32, name, 3 * 4 * side**2)
    session = ChallengeSession(claim, commit_within_s=60, answer_within_s=59)
    assert session.challenge.n == side
    answered(session, HardwareProver(session.challenge))
    assert session.passed


def half(a, b):
    return a.astype(np.float16).astype(np.float32) @ b.astype(np.float16).astype(np.float32)


def tf32(a, b):
    return (a.view(np.uint32) & 0xFFFFE000).view(np.float32) @ (b.view(np.uint32) & 0xFFFFE000).view(np.float32)


@pytest.mark.parametrize(
    "multiply",
    [half, tf32, lambda a, b: b @ a, lambda a, b: np.zeros_like(a), lambda a, b: a @ b * np.float32(1.001)],
    ids=["half precision", "tf32", "the other way round", "nothing", "nearly"],
)
def test_another_product_is_found_out(session, multiply):
    prover = HardwareProver(session.challenge, multiply)
    vector = session.take_commitment(prover.commit())
    with pytest.raises(ChallengeFailed, match="the product differs"):
        session.take_product(prover.times(vector))
    assert not session.passed


@pytest.mark.parametrize(
    "other", [{"node": "ef" * 32}, {"device": "another"}, {"memory_bytes": CLAIM.memory_bytes + 1}]
)
def test_an_answer_to_another_claim_is_worth_nothing(session, other):
    challenge = HardwareChallenge(replace(CLAIM, **other), session.challenge.nonce)
    assert challenge.n == SIDE
    prover = HardwareProver(challenge)
    vector = session.take_commitment(prover.commit())
    with pytest.raises(ChallengeFailed):
        session.take_product(prover.times(vector))


def test_an_answer_to_an_earlier_challenge_is_worth_nothing(session, clock):
    before = HardwareProver(ChallengeSession(CLAIM, commit_within_s=60, answer_within_s=5, clock=clock).challenge)
    vector = session.take_commitment(before.commit())
    with pytest.raises(ChallengeFailed):
        session.take_product(before.times(vector))


class WrongRow(HardwareProver):
    """All of C but one row, and the right product: it would have to know which rows are asked for."""

    def __init__(self, challenge, wrong):
        self.honest = HardwareProver(challenge)

        def multiply(a, b):
            product = a @ b
            product[wrong] = 0
            return product

        super().__init__(challenge, multiply)

    def times(self, vector):
        return self.honest.times(vector)


def test_rows_that_were_not_computed_are_found_where_they_are_opened(clock, monkeypatch):
    monkeypatch.setattr("synthetic1.pool.hardware.session.ROWS", SIDE // 2)  # so that some are, and some are not
    found = 0
    for wrong in range(0, SIDE, 4):
        session = ChallengeSession(CLAIM, commit_within_s=60, answer_within_s=5, clock=clock)
        prover = WrongRow(session.challenge, wrong)
        rows, steps = session.take_product(prover.times(session.take_commitment(prover.commit())))
        if wrong in rows:
            with pytest.raises(ChallengeFailed, match="a row differs"):
                session.take_openings(prover.open_rows(rows), prover.open_steps(steps))
            found += 1
        else:
            session.take_openings(prover.open_rows(rows), prover.open_steps(steps))
    assert 0 < found < SIDE / 4


class Forgetful(HardwareProver):
    """Commits to the rows, and keeps nine tenths of them: where its walk meets another, it goes on somehow."""

    def __init__(self, challenge):
        super().__init__(challenge)
        lacking = np.random.default_rng(0).random(challenge.n) < 0.1
        states = self._states[:1]
        for _ in range(challenge.steps):
            row = next_row(states[-1], challenge.n)
            content = b"" if lacking[row] else self._rows[row].tobytes()
            states.append(next_state(states[-1], len(states) - 1, content))
        self._states, self._walk = states, MerkleTree([leaf_hash(state) for state in states])


def test_who_lacks_a_tenth_of_the_rows_is_found_in_the_walk(clock):
    passed = 0
    for _ in range(40):
        session = ChallengeSession(CLAIM, commit_within_s=60, answer_within_s=5, clock=clock)
        prover = Forgetful(session.challenge)
        rows, steps = session.take_product(prover.times(session.take_commitment(prover.commit())))
        try:
            session.take_openings(prover.open_rows(rows), prover.open_steps(steps))
            passed += 1
        except ChallengeFailed as error:
            assert "leads elsewhere" in str(error)  # noqa: PT017
    assert passed <= 2


class Repeating(HardwareProver):
    """Keeps half of the rows, and walks among them: from where it would meet another it begins anew."""

    def __init__(self, challenge):
        super().__init__(challenge)
        states = self._states[:1]
        kept = challenge.n // 2
        for index in range(challenge.steps):
            row = next_row(states[-1], challenge.n)
            there = next_state(states[-1], index, self._rows[row].tobytes()) if row < kept else states[0]
            states.append(there)
        self._states, self._walk = states, MerkleTree([leaf_hash(state) for state in states])


def test_who_walks_a_part_again_and_again_is_found(clock):
    for _ in range(20):
        session = ChallengeSession(CLAIM, commit_within_s=60, answer_within_s=5, clock=clock)
        with pytest.raises(ChallengeFailed, match="walk"):
            answered(session, Repeating(session.challenge))


JUNK = (
    None,
    0,
    -1,
    1.5,
    float("nan"),
    10**400,
    "",
    "00" * 32,
    [],
    [[]],
    [None],
    {},
    {"rows": 1},
    object(),
    b"\x00",
    True,
)


def answered_with(session, prover, other):
    """All three answers, some of them replaced."""
    vector = session.take_commitment(other.get("commitment", prover.commit()))
    rows, steps = session.take_product(other.get("product", prover.times(vector)))
    session.take_openings(other.get("rows", prover.open_rows(rows)), other.get("steps", prover.open_steps(steps)))


@pytest.mark.parametrize("step", ["commitment", "product", "rows", "steps"])
def test_whatever_is_sent_is_a_failure_of_the_node(session, step):
    prover = HardwareProver(session.challenge)
    for junk in JUNK:
        for wrapped in (junk, [junk] * SIDE, SimpleNamespace(rows=junk, walk=junk, index=junk)):
            tried = ChallengeSession(CLAIM, commit_within_s=60, answer_within_s=5)
            prover = HardwareProver(tried.challenge) if step != "commitment" else prover
            with pytest.raises(ChallengeFailed) as told:
                answered_with(tried, prover, {step: wrapped})
            assert "\n" not in str(told.value)
            with pytest.raises(ChallengeFailed, match="out of order"):
                tried.take_commitment(prover.commit())


def test_a_claim_of_any_memory_is_refused_before_anything_is_made():
    with pytest.raises(PoolError, match="memory_bytes lies between"):
        ChallengeSession(replace(CLAIM, memory_bytes=10**18), commit_within_s=60, answer_within_s=5)


# What the published challenge let through -------------------------------------------------------------------------


def opened(session):
    prover = HardwareProver(session.challenge)
    rows, steps = session.take_product(prover.times(session.take_commitment(prover.commit())))
    return prover, rows, steps


CHANGES = {
    "no rows": lambda rows, steps: ([], steps),
    "no steps": lambda rows, steps: (rows, []),
    "nothing": lambda rows, steps: ([], []),
    "fewer": lambda rows, steps: (rows[1:], steps),
    "one twice": lambda rows, steps: ([rows[0], *rows[:-1]], steps),
    "another order": lambda rows, steps: (rows[::-1], steps),
    "another index": lambda rows, steps: ([replace(rows[0], index=rows[1].index), *rows[1:]], steps),
    "a longer path": lambda rows, steps: ([replace(rows[0], path=(*rows[0].path, "00" * 32)), *rows[1:]], steps),
    "a shorter path": lambda rows, steps: ([replace(rows[0], path=rows[0].path[:-1]), *rows[1:]], steps),
    "an endless path": lambda rows, steps: ([replace(rows[0], path=("00" * 32,) * 100_000), *rows[1:]], steps),
    "another path": lambda rows, steps: ([replace(rows[0], path=rows[1].path), *rows[1:]], steps),
    "another content": lambda rows, steps: ([replace(rows[0], content=rows[1].content), *rows[1:]], steps),
    "no content": lambda rows, steps: ([replace(rows[0], content=""), *rows[1:]], steps),
    "not a number": lambda rows, steps: ([replace(rows[0], content="0000c07f" * SIDE), *rows[1:]], steps),
    "no hexadecimal": lambda rows, steps: ([replace(rows[0], content="zz" * 4 * SIDE), *rows[1:]], steps),
    "other steps": lambda rows, steps: (rows, [replace(steps[0], index=steps[1].index), *steps[1:]]),
    "another state": lambda rows, steps: (rows, [replace(steps[0], before=steps[1].before), *steps[1:]]),
    "states that are swapped": lambda rows, steps: (
        rows,
        [replace(steps[0], before=steps[0].after, after=steps[0].before), *steps[1:]],
    ),
    "another row on the way": lambda rows, steps: (rows, [replace(steps[0], row=steps[1].row), *steps[1:]]),
    "a state that is none": lambda rows, steps: (rows, [replace(steps[0], after=""), *steps[1:]]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_exactly_what_was_asked_for_is_opened(session, name):
    prover, rows, steps = opened(session)
    changed = CHANGES[name](prover.open_rows(rows), prover.open_steps(steps))
    with pytest.raises(ChallengeFailed) as told:
        session.take_openings(*changed)
    assert "\n" not in str(told.value)
    assert not session.passed
    with pytest.raises(ChallengeFailed, match="out of order"):  # there is no second try
        session.take_openings(prover.open_rows(rows), prover.open_steps(steps))


def test_a_walk_that_begins_elsewhere(session, monkeypatch):
    monkeypatch.setattr("synthetic1.pool.hardware.session.WALKED", 10**6)  # all of it
    monkeypatch.setattr("synthetic1.pool.hardware.prover.first_state", lambda root: bytes(32))
    with pytest.raises(ChallengeFailed, match="begins elsewhere"):
        answered(session, HardwareProver(session.challenge))


def test_steps_come_once_and_in_order(clock):
    prover = HardwareProver(ChallengeSession(CLAIM, commit_within_s=60, answer_within_s=5, clock=clock).challenge)
    for early in ("product", "openings", "again"):
        session = ChallengeSession(CLAIM, commit_within_s=60, answer_within_s=5, clock=clock)
        if early == "again":
            session.take_commitment(prover.commit())
        steps = {
            "product": lambda session: session.take_product([0.0] * SIDE),
            "openings": lambda session: session.take_openings([], []),
            "again": lambda session: session.take_commitment(prover.commit()),
        }
        with pytest.raises(ChallengeFailed, match="out of order"):
            steps[early](session)
        with pytest.raises(ChallengeFailed, match="out of order"):
            session.take_product([0.0] * SIDE)


@pytest.mark.parametrize("late", [0, 1, 2])
def test_late_is_failed(session, clock, late):
    prover = HardwareProver(session.challenge)
    clock.now += 61 if late == 0 else 59

    def answer():
        vector = session.take_commitment(prover.commit())
        clock.now += 6 if late == 1 else 4
        rows, steps = session.take_product(prover.times(vector))
        clock.now += 6
        session.take_openings(prover.open_rows(rows), prover.open_steps(steps))

    with pytest.raises(ChallengeFailed, match="late"):
        answer()
    assert not session.passed


@pytest.mark.parametrize(
    "product",
    [[], [0.0] * (SIDE - 1), [float("nan")] * SIDE, [float("inf")] * SIDE, ["a"] * SIDE, [[0.0]] * SIDE, None],
)
def test_products_that_are_none(session, product):
    session.take_commitment(HardwareProver(session.challenge).commit())
    with pytest.raises(ChallengeFailed, match="product"):
        session.take_product(product)


@pytest.mark.parametrize("root", ["", "00", "zz" * 32, "00" * 33, None, 7])
def test_commitments_that_are_none(session, root):
    committed = replace(HardwareProver(session.challenge).commit(), walk=root)
    with pytest.raises(ChallengeFailed, match="a root is 64"):
        session.take_commitment(committed)


def test_limits_and_sizes_that_make_no_sense():
    for commit, answer in ((1, 1), (1, 2), (1, 0), (1, -1)):
        with pytest.raises(PoolError, match="answer_within_s"):
            ChallengeSession(CLAIM, commit_within_s=commit, answer_within_s=answer)
    with pytest.raises(ValueError, match="at least 49152"):
        side_of(49_151)
    assert side_of(49_152) == 64


# Its parts ---------------------------------------------------------------------------------------------------------


def tree_head(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written there."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + tree_head(leaves[:half]) + tree_head(leaves[half:])).digest()


@given(leaves=st.lists(st.binary(max_size=3), min_size=1, max_size=40), data=st.data())
def test_trees_are_those_of_rfc_6962(leaves, data):
    tree = MerkleTree([leaf_hash(leaf) for leaf in leaves])
    assert tree.root == tree_head(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = tree.path(index)
    assert root_of(leaf_hash(leaves[index]), index, len(leaves), path) == tree.root
    other = data.draw(st.integers(-1, len(leaves)))
    if other != index and not (0 <= other < len(leaves) and leaves[other] == leaves[index]):
        assert root_of(leaf_hash(leaves[index]), other, len(leaves), path) != tree.root
    assert root_of(leaf_hash(leaves[index]), index, len(leaves), [*path, bytes(32)]) is None


def test_matrices_are_the_same_everywhere_and_rows_can_be_made_alone():
    seed = bytes(range(32))
    whole = matrix_rows(seed, "A", 0, 5, 67)
    assert (matrix_rows(seed, "A", 3, 1, 67) == whole[3]).all()
    assert not (matrix_rows(seed, "B", 0, 5, 67) == whole).any(axis=1).all()
    assert hashlib.sha256(whole.astype("<f4").tobytes()).hexdigest() == GOLDEN
    many = matrix_rows(seed, "A", 0, 100, 1000)
    assert (many >= -0.5).all()
    assert (many < 0.5).all()
    assert abs(float(many.mean())) < 0.005
    assert abs(float(many.var()) - 1 / 12) < 0.002


GOLDEN = "5ac787702d85a9f3492fc8c465480a8d119423e9ae8e1ae16ca2ad7de4ae8f72"


def test_a_seed_is_of_its_claim_and_nonce_alone():
    one = HardwareChallenge(CLAIM, "0" * 32)
    assert (
        len({one.seed, *(HardwareChallenge(replace(CLAIM, **{k: v}), "0" * 32).seed for k, v in CHANGED.items())}) == 4
    )
    assert HardwareChallenge(CLAIM, "1" * 32).seed != one.seed
    assert HardwareChallenge(HardwareClaim(**asdict(CLAIM)), "0" * 32).seed == one.seed


CHANGED = {"node": "x", "device": "x", "memory_bytes": 1}
