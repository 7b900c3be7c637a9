"""Output prediction: the numbered reward cases 54–65, both comparisons, and what no verifier may pay for."""

from __future__ import annotations

import ast
import asyncio
import json
import pickle
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1 import Completion, Scorer, Task, Verdict, score, score_many
from synthetic1.rewards.code_understanding import CodeUnderstanding, typed


def make_task(gold="abc", compare=None, task_type="code_output_prediction", **info):
    if compare is not None:
        info["compare"] = compare
    if gold is not None:
        info["ground_truth"] = gold
    return Task(problem_id="p", task_type=task_type, prompt="What does f(x) return?", verification_info=info)


def output(value):
    return json.dumps({"output": value})


# (case, gold, compare, completion, score); gold and compare as in verification_info. Numbers are those of the cases.
CASES = [
    ("54 expression", "abc", "string", output("1 or True"), 0),
    ("54 expression, literal", "'abc'", "python_literal", output("1 or True"), 0),
    ("54 bare", "'abc'", "python_literal", "1 or True", 0),
    (
        "55 equal to all",
        "'abc'",
        "python_literal",
        output("type('E', (), {'__eq__': lambda self, other: True})()"),
        0,
    ),
    ("55 equal to all, string", "abc", "string", output("type('E', (), {'__eq__': lambda s, o: True})()"), 0),
    ("56 the call", "abc", "string", output("f(x)"), 0),
    ("56 the call, literal", "'abc'", "python_literal", output("f(x)"), 0),
    (
        "57 python fence in the thought",
        "abc",
        "string",
        "<think>```python\nx = {1: 2}\n```</think>\n```json\n" + output("abc") + "\n```",
        1,
    ),
    ("58 guess in the thought", "abc", "string", f"<think>{output('xyz')}</think>{output('abc')}", 1),
    ("58 right guess in the thought", "abc", "string", f"<think>{output('abc')}</think>{output('xyz')}", 0),
    ("59 trailing newline", "abc", "string", output("abc\n"), 0),
    ("59 trailing newline, literal", "'abc'", "python_literal", output("'abc\\n'"), 0),
    ("59 trailing newline, value", "'abc'", "python_literal", output("abc\n"), 0),
    ("60 True for 1", "1", "python_literal", output(True), 0),
    ("60 'True' for 1", "1", "python_literal", output("True"), 0),
    ("60 1 for True", "True", "python_literal", output(1), 0),
    ("60 True for '1', string", "1", "string", output(True), 0),
    ("61 duplicate key", "abc", "string", '{"output": "xyz", "output": "abc"}', 0),
    ("61 duplicate key, equal", "abc", "string", '{"output": "abc", "output": "abc"}', 0),
    ("62 raw newline", "a\nb", "string", '{"output": "a\nb"}', 1),
    ("63 NaN", "abc", "string", '{"output": NaN}', 0),
    ("63 NaN, literal", "1.0", "python_literal", '{"output": NaN}', 0),
    ("63 'nan'", "1.0", "python_literal", output("nan"), 0),
    ("64 list of guesses", "abc", "string", output(["abc", "abd"]), 0),
    ("64 list of guesses, literal", "'abc'", "python_literal", output("['abc', 'abd']"), 0),
    ("64 list of objects", "abc", "string", f"[{output('abd')}, {output('abc')}]", 0),
    ("64 several keys", "abc", "string", '{"output1": "abc", "output2": "abd"}', 0),
    ("65 nested list", "abc", "string", '{"output": ' + "[" * 100_000 + "]" * 100_000 + "}", 0),
    ("65 nested literal", "'abc'", "python_literal", output("[" * 9_000 + "]" * 9_000), 0),
    ("65 nested unary", "'abc'", "python_literal", output("-" * 19_000 + "1"), 0),
    ("65 nested literal, shallow", "'abc'", "python_literal", output("(" * 90 + "'abc'" + ")" * 90), 1),
    ("65 20 kB string", "abc", "string", output("a" * 20_000), 0),
    ("65 20 kB literal", "'abc'", "python_literal", output("'abc'" + " " * 20_000), 0),
    # string comparison, on
    ("number for text", "5", "string", '{"output": 5}', 0),
    ("text for text", "5", "string", '{"output": "5"}', 1),
    ("true for text", "true", "string", '{"output": true}', 0),
    ("null for text", "null", "string", '{"output": null}', 0),
    ("empty text", "", "string", output(""), 1),
    ("quoted twice", "abc", "string", output("'abc'"), 0),
    ("case", "abc", "string", output("ABC"), 0),
    ("space", "abc", "string", output("abc "), 0),
    ("composed and decomposed", "\u00e9", "string", output("e\u0301"), 0),
    ("underscore in a number", "1000", "string", output("1_000"), 0),
    ("default comparison", "5", None, '{"output": "5"}', 1),
    # literal comparison, on
    ("int as JSON", "5", "python_literal", '{"output": 5}', 1),
    ("int as text", "5", "python_literal", '{"output": "5"}', 1),
    ("float for int", "5", "python_literal", '{"output": 5.0}', 0),
    ("int for float", "5.0", "python_literal", '{"output": 5}', 0),
    ("text of digits as JSON", "'5'", "python_literal", '{"output": "5"}', 1),
    ("text of digits as literal", "'5'", "python_literal", output("'5'"), 1),
    ("text for int", "5", "python_literal", output("'5'"), 0),
    ("list as JSON", "[1, 'a']", "python_literal", '{"output": [1, "a"]}', 1),
    ("list as literal, quotes, spaces", "[1, 'a']", "python_literal", output(' [ 1,"a" ]\n'), 1),
    ("list for tuple", "(1, 2)", "python_literal", '{"output": [1, 2]}', 0),
    ("tuple", "(1, 2)", "python_literal", output("(1,2)"), 1),
    ("tuple inside", "[(1, 2)]", "python_literal", output("[[1, 2]]"), 0),
    ("True inside", "[1]", "python_literal", output([True]), 0),
    ("True in a set", "{1}", "python_literal", output("{True}"), 0),
    ("set in another order", "{1, 2}", "python_literal", output("{2, 1}"), 1),
    ("empty set", "set()", "python_literal", output("set()"), 1),
    ("dict in another order", "{'a': 1, 'b': 2}", "python_literal", '{"output": {"b": 2, "a": 1}}', 1),
    ("dict with int keys", "{1: 'a'}", "python_literal", output("{1: 'a'}"), 1),
    ("dict with int keys as JSON", "{1: 'a'}", "python_literal", '{"output": {"1": "a"}}', 0),
    ("True as a key", "{1: 'a'}", "python_literal", output("{True: 'a'}"), 0),
    ("None", "None", "python_literal", '{"output": null}', 1),
    ("bytes", "b'a'", "python_literal", output("b'a'"), 1),
    ("text for bytes", "b'a'", "python_literal", output("a"), 0),
    ("negative zero", "-0.0", "python_literal", output("0.0"), 0),
    ("negative zero, same", "-0.0", "python_literal", output("-0.0"), 1),
    ("unhashable", "'abc'", "python_literal", output("{[]: 1}"), 0),
    ("NUL", "'abc'", "python_literal", output("'abc\x00'"), 0),
    ("surrogate", "'abc'", "python_literal", output("'\ud800'"), 0),
    ("a key twice", "{'a': 2}", "python_literal", output("{'a': 1, 'a': 2}"), 0),
    ("a key twice, inside", "[{'a': 2}]", "python_literal", output("[{'a': 1, 'a': 2}]"), 0),
    ("equal keys", "{1: 'a'}", "python_literal", output("{1: 'b', True: 'a'}"), 0),
    ("equal elements", "{1}", "python_literal", output("{1, True, 1.0}"), 0),
    ("an element twice", "{'a'}", "python_literal", output("{'a', 'a'}"), 0),
    ("an element twice, inside", "{1: {(2,)}}", "python_literal", output("{1: {(2,), (2,)}}"), 0),
    ("an item twice in a list", "[1, 1]", "python_literal", output("[1, 1]"), 1),
    ("a comment", "'abc'", "python_literal", output("'abc' # or 'abd'"), 0),
    ("a comment inside", "[1, 2]", "python_literal", output("[1, # 3?\n 2]"), 0),
    ("a comment before", "'abc'", "python_literal", output("# 'abd'\n'abc'"), 0),
    ("a hash in a string", "'#a'", "python_literal", output("'#a'"), 1),
    ("hashes in strings of every kind", "['#', b'#', '#']", "python_literal", output('[\'#\', b\'#\', """#"""]'), 1),
    # what no verifier may pay for
    ("hedge", "abc", "string", "I think it is abc or maybe 7", 0),
    ("hedge in JSON", "abc", "string", output("abc or maybe 7"), 0),
    ("prose only", "abc", "string", "The output is abc.", 0),
    ("noise", "abc", "string", '{"x' * 33_000, 0),
    ("gold in an open thought", "abc", "string", "<think>" + output("abc"), 0),
    ("gold in the thought only", "abc", "string", f"<think>{output('abc')}</think>I am sure.", 0),
    ("empty", "abc", "string", "", 0),
    ("right, then broken end tokens", "abc", "string", output("abc") + "<|im_end|><|im_en", 1),
]


@pytest.mark.parametrize(("gold", "compare", "text", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_case(gold, compare, text, expected):
    verdict = score(make_task(gold, compare), text)
    assert verdict.score == expected, verdict
    assert verdict.scorable


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (make_task(None), "unscorable_gold"),
        (make_task(5), "unscorable_gold"),
        (make_task("abc", "python_literal"), "unscorable_gold"),
        (make_task("nan", "python_literal"), "unscorable_gold"),
        (make_task("abc", "fuzzy"), "unscorable_task"),
        (make_task("abc", ["string"]), "unscorable_task"),
    ],
)
def test_a_task_that_cannot_be_verified_is_nobodys_failure(task, reason):
    verdict = score(task, output("abc"))
    assert (verdict.score, verdict.reason) == (None, reason)
    assert "\n" not in verdict.details["why"]


def test_a_comparison_of_none_is_the_default():
    """Tables give every row every column, null where it says nothing."""
    task = Task("p", "code_output_prediction", "?", {"ground_truth": "5", "compare": None})
    assert [score(task, text).score for text in ('{"output": "5"}', '{"output": 5}')] == [1.0, 0.0]


def test_reasons():
    reason = {text: score(make_task(), text).reason for text in ["<think>", "prose", output("x"), output("abc")]}
    assert list(reason.values()) == ["no_answer", "no_answer", "wrong_answer", "correct"]


def test_the_alias_of_published_rows_has_the_same_verifier():
    assert score(make_task(task_type="verifiable_code_understanding"), output("abc")).score == 1


def test_a_verdict_never_holds_the_gold():
    verdict = score(make_task("secret gold"), output("x"))
    assert "secret" not in json.dumps(verdict.to_dict())


LITERALS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(LITERALS)
def test_every_literal_equals_its_own_repr_and_nothing_wrapped(value):
    gold = repr(value)
    assert score(make_task(gold, "python_literal"), output(gold)).score == 1
    assert score(make_task(gold, "python_literal"), output(f"[{gold}]")).score == 0
    assert typed(value) == typed(ast.literal_eval(gold))


@given(LITERALS, LITERALS)
def test_typed_equality_is_equality_of_repr_up_to_order(a, b):
    if typed(a) == typed(b):
        assert a == b
        assert sorted(repr(a)) == sorted(repr(b))


@given(st.text(), st.text())
def test_strings_are_exact(gold, answer):
    assert score(make_task(gold), output(answer)).score == float(gold == answer)


def test_same_verdict_off_the_main_thread_in_a_subprocess_and_in_any_order():
    tasks = [make_task(gold, compare) for _, gold, compare, _, _ in CASES]
    pairs = list(zip(tasks, [case[3] for case in CASES], strict=True))
    expected = Scorer().score_sync(pairs)
    elsewhere = []
    thread = threading.Thread(target=lambda: elsewhere.extend(Scorer().score_sync(pairs[::-1])))
    thread.start()
    thread.join()
    assert elsewhere[::-1] == expected
    assert asyncio.run(Scorer().score(pairs)) == expected
    program = (
        "import pickle, sys, synthetic1\n"
        "pairs = pickle.load(sys.stdin.buffer)\n"
        "sys.stdout.buffer.write(pickle.dumps(synthetic1.score_many(pairs)))\n"
    )
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=pickle.dumps(pairs),
            capture_output=True,
            env={"PYTHONHASHSEED": hash_seed},
            check=True,
        )
        assert pickle.loads(done.stdout) == expected


def test_is_a_value():
    verifier = CodeUnderstanding()
    assert pickle.loads(pickle.dumps(verifier)) == verifier
    assert verifier.key == CodeUnderstanding().key


def test_inline_as_it_says():
    work = CodeUnderstanding().verify(make_task(), Completion.parse(output("abc")))
    with pytest.raises(StopIteration) as end:
        work.send(None)
    assert end.value.value == Verdict.graded(1.0, answer="abc")


@pytest.fixture(scope="module")
def golds(shared_data, require):
    published = shared_data / "cruxeval.jsonl"
    require("CRUXEval", published.is_file(), "put cruxeval.jsonl into the shared data")
    from synthetic1 import open_tasks

    tasks = list(open_tasks(published))
    assert len(tasks) == 800
    return [(task, ast.literal_eval(task.verification_info["ground_truth"])) for task in tasks]


def scores_of(golds, spell):
    return {verdict.score for verdict in score_many([(task, output(spell(value))) for task, value in golds])}


def test_cruxeval_gold_as_repr(golds):
    assert scores_of(golds, repr) == {1.0}


def test_cruxeval_gold_as_json_where_json_can_say_it(golds):
    sayable = [(task, value) for task, value in golds if survives_json(value)]
    assert len(sayable) > 700
    assert scores_of(sayable, lambda value: value) == {1.0}


def test_cruxeval_gold_with_other_quotes_and_spacing(golds):
    assert scores_of(golds, respelled) == {1.0}
    assert sum(respelled(value) != repr(value) for _, value in golds) > 700


def test_cruxeval_gold_perturbed(golds):
    assert scores_of(golds, lambda value: repr(perturbed(value))) == {0.0}


def survives_json(value):
    try:
        return typed(json.loads(json.dumps(value))) == typed(value)
    except TypeError:
        return False


def respelled(value):
    """The same literal with double quotes for single ones, and space where a literal allows it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True) if "\ud800" not in value else repr(value)
    if isinstance(value, list):
        return "[ " + " ,".join(map(respelled, value)) + " ]"
    if isinstance(value, tuple):
        return "( " + "".join(respelled(item) + " , " for item in value) + ")"
    if isinstance(value, dict):
        return "{ " + " ,".join(f"{respelled(k)} :{respelled(v)}" for k, v in value.items()) + " }"
    return f" {value!r} "


def perturbed(value):
    """The same type, another value."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, bytes):
        return value + b"x"
    if value is None:
        return False
    if isinstance(value, dict):
        return {**value, "another key": 0}
    return type(value)([*value, "x"])
