"""The audit of public golds: no mutant is accepted, and hardly an equivalent rejected."""

from __future__ import annotations

import pytest

from synthetic1.evaluation.audit import audit_sources
from synthetic1.evaluation.named_sources import open_sources

GOLDS = ("math_golds.jsonl", "gsm8k_test.jsonl", "math500_test.jsonl")


@pytest.mark.parametrize("share", [20, pytest.param(1, marks=pytest.mark.proofs)])
@pytest.mark.parametrize("name", GOLDS)
def test_golds_of_mathematics(shared_data, require, name, share):
    path = shared_data / name
    require("the shared data", path.is_file(), f"put {name} into ../shared/data")
    with open_sources([str(path)]) as opened:
        count = sum(len(source) for _, source, _ in opened)
    counts = audit_sources([str(path)], limit=count // share)
    assert counts.total.golds >= count // share
    assert list(counts.offenders(0.0)) == []
    assert counts.total.equivalents.rate < 0.005
    # The sets of answers alone hold whole paragraphs, too; what is not prose has a score.
    assert {gold.why.rpartition(": ")[2] for gold in counts.unscorable} <= {"it is prose"}


@pytest.mark.proofs
@pytest.mark.engine
def test_golds_of_all_families(shared_data, require):
    """Every embedded and generated family, and HumanEval with changed golds."""
    path = shared_data / "HumanEval.jsonl.gz"
    require("the shared data", path.is_file(), "put HumanEval.jsonl.gz into ../shared/data")
    for names, thorough in ((["math", "code", "code_understanding", "stem", "swe"], False), ([str(path)], True)):
        counts = audit_sources(names, limit=200, thorough=thorough)
        assert list(counts.offenders(0.0)) == []
        assert counts.total.equivalents.rate < 0.005
