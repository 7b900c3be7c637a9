"""The stem recipe: dumps and pairs in their published layouts, filters, HTML as Markdown, planted faults."""

from __future__ import annotations

import asyncio
import json
import random
import tracemalloc
from collections import Counter

import pytest
from question_rows import (
    ANSWER,
    BODY,
    IMAGE,
    FilterTools,
    answer_of,
    finished,
    plain_row,
    question_of,
    reason,
    row_of,
    saying,
    write_posts,
)

from synthetic1.datagen.curation.draft import Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import UnreadableRow
from synthetic1.datagen.curation.recipes.questions import posts as dump_posts
from synthetic1.datagen.curation.recipes.questions.layouts import license_of_day
from synthetic1.datagen.curation.recipes.stem import StemCuration, StemRecipe
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.registry import get_verifier
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.formats.stem import compose_prompt


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, None),
        ({"ClosedDate": "2016-01-01T00:00:00.000"}, "question: closed"),
        ({"DeletionDate": "2016-01-01T00:00:00.000"}, "question: deleted"),
        ({"Score": "1"}, "question: low_score"),
        ({"Score": "-3"}, "question: low_score"),
        ({"Tags": "<energy><soft-question>"}, "question: soft"),
        ({"Tags": "|energy|book-recommendation|"}, "question: soft"),
        ({"Body": BODY + IMAGE}, "question: needs_image"),
        ({"Body": BODY + "<p>See the figure below.</p>"}, "question: needs_image"),
        ({"Body": BODY + "<p>Is $v$ in the image of $T$, in the Heisenberg picture?</p>"}, None),
        ({"Body": "<pre><code>for x in y:\n    print(x)\n</code></pre>"}, "question: code_only"),
        ({"Body": BODY + "<pre><code>for x in y:\n    print(x)\n</code></pre>"}, None),
        ({"Body": "<p>Why?</p>", "Title": "Gravity"}, "question: too_short"),
        ({"Body": f"<p>{'Why is that so? ' * 900}</p>"}, "question: too_long"),
    ],
)
def test_questions(changes, wanted):
    assert reason(row_of(question_of(**changes))) == wanted


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ([], "answer: no_answer"),
        ([answer_of(Body="")], "answer: no_answer"),
        ([answer_of(DeletionDate="2020-01-01T00:00:00.000")], "answer: no_answer"),
        ([answer_of(Score="2")], "answer: low_answer_score"),
        ([answer_of(Score="2", Body=None)], "answer: low_answer_score"),
        ([answer_of(Body=ANSWER + IMAGE)], "answer: needs_image"),
        ([answer_of(Body='<p>See <a href="https://example.org/x">this question</a>.</p>')], "answer: link_only"),
        ([answer_of(Body="<pre><code>print(h * (1 - f) ** 3)</code></pre>")], "answer: code_only"),
        ([answer_of(Body="<p>It rises.</p>")], "answer: too_short"),
        ([answer_of(Body=f"<p>{'It does. ' * 900}</p>")], "answer: too_long"),
        ([answer_of(Body=ANSWER + "<p>Write &lt;answer&gt; and &lt;/answer&gt;.</p>")], "answer: holds_answer_tags"),
        ([answer_of(Body=ANSWER + "<p>It ends with &lt;/think&gt;.</p>")], "answer: holds_answer_tags"),
        ([answer_of(Score="2"), answer_of(3, Score="5")], None),
    ],
)
def test_answers(answers, wanted):
    assert reason(row_of(answers=answers)) == wanted


def test_which_answer_is_the_reference():
    answers = [
        answer_of(2, Body=ANSWER),
        answer_of(3, Score="40", Body="<p>" + "By the other way of thinking. " * 3 + "</p>"),
    ]
    draft = StemRecipe(StemCuration()).draft(row_of(answers=answers))
    assert draft.data["reference"].startswith("Its energy")
    assert (draft.origin["answer_url"], draft.history["answer"]) == (
        "https://physics.stackexchange.com/a/2",
        "the accepted one",
    )
    draft = StemRecipe(StemCuration(accepted_first=False)).draft(row_of(answers=answers))
    assert draft.data["reference"].startswith("By the other")


def test_the_task_is_the_readers_and_its_gold_scores_one():
    (task,), draft = finished(row_of(), saying())
    asked = task.verification_info["question"]
    assert asked.startswith("Height of a ball after three bounces\n\nA ball is dropped from $h_0$ and loses")
    assert "$f_{*}$" in asked
    assert task.prompt == compose_prompt(asked)
    assert (task.problem_id, task.in_source_id) == ("physics.stackexchange.com/1", "1")
    assert (task.source, task.metadata["field"]) == ("physics.stackexchange.com", "physics")
    assert draft.origin["question_license"] == "cc-by-sa-3.0"
    assert draft.origin["license"] == draft.origin["answer_license"] == "cc-by-sa-4.0"
    assert (draft.origin["author"], draft.origin["answer_author"]) == ("user 12", "Ann Example")
    assert draft.origin["url"] == "https://physics.stackexchange.com/q/1"
    with Scorer() as scorer:
        (verdict,) = asyncio.run(scorer.score([(task, get_verifier("stem").gold_completion(task))]))
    assert verdict.score == 1.0


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("objective", "not_objective"), ("reasoning", "no_reasoning"), ("self_contained", "not_self_contained")],
)
def test_the_models_reasons(name, wanted):
    with pytest.raises(Dropped) as error:
        finished(row_of(), saying(**{name: "no"}))
    assert (error.value.reason, error.value.detail) == (wanted, "It is.")


def test_without_a_model_rows_are_set_aside_unless_told_otherwise():
    with pytest.raises(Quarantined) as error:
        finished(row_of(), FilterTools())
    assert error.value.reason == "no_model"
    assert finished(row_of(), FilterTools(), unfiltered=True)[0]


# Layouts


def test_pairs_of_preferences():
    answers = [
        {"answer_id": 8, "author": "B", "author_id": 2, "author_profile": "https://x.example/users/2", "pm_score": 1,
         "selected": False, "text": "<p>Nobody knows, and nobody will, say all.</p>"},
        {"answer_id": 9, "author": "A", "author_id": 1, "author_profile": "https://x.example/users/1", "pm_score": 4,
         "selected": True, "text": ANSWER},
    ]  # fmt: skip
    urls = [
        "https://physics.stackexchange.com/questions/7",
        "https://physics.stackexchange.com",
        "https://x.example/users/3/",
    ]
    row = plain_row(qid=7, question=BODY, answers=answers, date="2011/04/07", metadata=urls)
    (task,), draft = finished(row, saying())
    assert draft.data["reference"].startswith("Its energy")
    assert draft.origin["license"] == "cc-by-sa-2.5"
    assert (draft.origin["answer_url"], draft.origin["answer_author"]) == ("https://physics.stackexchange.com/a/9", "A")
    assert draft.origin["answer_score"] == 7  # 2^3 - 1, for one of the four is for being accepted
    assert task.problem_id == "physics.stackexchange.com/7"
    as_text = plain_row(qid=7, question=BODY, answers=json.dumps(answers), date="2011/04/07", metadata=urls)
    assert StemRecipe(StemCuration()).draft(as_text).data == draft.data
    assert reason(plain_row(qid=7, question=BODY, answers=answers[:1], metadata=urls)) == "answer: low_answer_score"


def test_pairs_of_responses_and_plain_rows():
    markdown = "A ball is dropped from $h_0$. How high does it rise after three bounces?"
    row = plain_row(qid=7, question=markdown, response_j="It rises to $h_0 (1 - f)^3$, says energy.", response_k="No.",
                    date="2020/01/02", metadata=["https://physics.stackexchange.com/questions/7/balls"])  # fmt: skip
    (task,), draft = finished(row, saying())
    assert (task.verification_info["question"], draft.origin["license"]) == (markdown, "cc-by-sa-4.0")
    row = plain_row(
        question=markdown, answer="To $h_0 (1 - f)^3$, by energy.", score="12", url="https://a.example/q/1", author="C"
    )
    draft = StemRecipe(StemCuration()).draft(row)
    assert (draft.origin["answer_score"], draft.origin["url"], draft.origin["answer_author"]) == (
        12,
        "https://a.example/q/1",
        "C",
    )
    assert (
        reason(plain_row(question=markdown, answer="To a third of it, by energy.", score=1))
        == "answer: low_answer_score"
    )
    assert reason(plain_row(question=markdown)) == "answer: no_answer"
    assert reason(plain_row(problem="x", solution="y")) == "question: not_a_question"
    assert reason(plain_row(question=markdown, answers=["a"])) == "question: not_a_question"
    assert reason(plain_row(question=markdown, answers="[{'text': 'a'}]")) == "question: not_a_question"


@pytest.mark.parametrize(
    ("day", "said", "wanted"),
    [
        ("2011-04-07", "", "cc-by-sa-2.5"),
        ("2011-04-08", "", "cc-by-sa-3.0"),
        ("2018-05-01", "", "cc-by-sa-3.0"),
        ("2018-05-02", "", "cc-by-sa-4.0"),
        ("2010-01-01", "CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("2010-01-01", "MIT", "mit"),
        (None, "", None),
    ],
)
def test_licences(day, said, wanted):
    assert license_of_day(day, said) == wanted


def test_a_dump(tmp_path):
    posts = [
        question_of(1, AcceptedAnswerId="9"),
        {"Id": "3", "PostTypeId": "5", "Body": "<p>About a tag.</p>"},
        question_of(4, Score="0", AcceptedAnswerId=None),
        answer_of(5, parent=4, Score="1"),
        answer_of(6, parent=1, Score="1", Body="<p>below the threshold</p>"),
        *(answer_of(number, parent=77) for number in range(10, 400)),
        answer_of(9, parent=1, Score="4"),
    ]
    folder = write_posts(tmp_path / "physics.stackexchange.com", posts)
    recipe = StemRecipe(StemCuration())
    rows = list(recipe.rows([str(folder)]))
    assert recipe.state_of([str(folder)]).keys() == {"physics.stackexchange.com/Posts.xml"}
    assert [row.where for row in rows] == [
        f"physics.stackexchange.com/Posts.xml, question {number}" for number in (1, 4)
    ]
    assert [row.fields for row in recipe.rows([str(folder / "Posts.xml")])] == [row.fields for row in rows]
    assert [one["Id"] for one in rows[0].fields["answers"]] == ["6", "9"]
    assert "Body" not in rows[0].fields["answers"][0]
    assert [reason(row) for row in rows] == [None, "question: low_score"]


def test_a_damaged_dump_and_what_is_none(tmp_path):
    folder = write_posts(tmp_path / "a.example", [question_of(1), answer_of(2)], tail='  <row Id="7" Body="&#')
    first, last = StemRecipe(StemCuration()).rows([str(folder)])
    assert len(first.fields["answers"]) == 1
    assert isinstance(last, UnreadableRow)
    assert last.reason == "damaged"
    (tmp_path / "Users.xml").write_text("<users></users>")
    with pytest.raises(ProgramError, match=r"is not a Posts\.xml"):
        list(StemRecipe(StemCuration()).rows([str(tmp_path / "Users.xml")]))


def test_memory_is_flat_in_the_size_of_a_dump(tmp_path):
    def peak(many):
        posts = [question_of(3 * n, AcceptedAnswerId=None, Body=BODY * 10) for n in range(1, many)]
        posts += [answer_of(3 * n + 1, parent=3 * n, Body=ANSWER * 10) for n in range(1, many)]
        folder = write_posts(tmp_path / f"of{many}.example", posts)
        del posts
        tracemalloc.start()
        count = sum(1 for _ in StemRecipe(StemCuration()).rows([str(folder)]))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == many - 1
        return most

    small, large = peak(200), peak(2_000)
    assert large < 1.5 * small + 200_000, (small, large)


TOPICS = "ball spring lens gas wire orbit pendulum capacitor enzyme isotope star crystal buffer membrane".split()  # noqa: SIM905


def sound_row(draw, number):
    one, two = draw.sample(TOPICS, 2)
    body = f"<p>A {one} and a {two} exchange ${number}\\,\\mathrm{{J}}$. Which of the two changes more, and why?</p>"
    said = f"<p>The {one} does: both change by $\\Delta E_{{{number}}}$, but its heat capacity is less.</p>"
    extra = draw.choice(
        ["", "<p>I think of the image of a map, and of a figure of merit.</p>", "<pre><code>E = 3\n</code></pre>"]
    )
    question = question_of(number, Body=body + extra, Title=f"A {one} and a {two}", Score=str(draw.randint(2, 60)))
    return question, [answer_of(number + 1, number, Body=said, Score=str(draw.randint(3, 90)))]


def test_planted_faults_are_found():
    draw, missed = random.Random(15), Counter()
    pictures = [IMAGE, "<p>See the figure.</p>", "<p>The diagram below says how.</p>", "![a](b.png)",
                "<p>As shown in the picture.</p>",
                "<p>The image is attached.</p>", "<img src='x'/>",
                "<p>What is the force in the figure?</p>"]  # fmt: skip
    for number in range(1, 301, 3):
        question, answers = sound_row(draw, number)
        low = {**question, "Score": str(draw.randint(-9, 1))}
        missed["question: low_score"] += reason(row_of(low, answers)) != "question: low_score"
        poor = [{**answers[0], "Score": str(draw.randint(-9, 2))}]
        missed["answer: low_answer_score"] += reason(row_of(question, poor)) != "answer: low_answer_score"
        image = {**question, "Body": question["Body"] + draw.choice(pictures)}
        missed["question: needs_image"] += reason(row_of(image, answers)) != "question: needs_image"
        soft = {**question, "Tags": f"<energy><{draw.choice(StemCuration().soft_tags)}>"}
        missed["question: soft"] += reason(row_of(soft, answers)) != "question: soft"
    print(f"missed of 100 each: {dict(missed)}")
    assert max(missed.values()) <= 2, missed


def test_sound_rows_stay():
    draw = random.Random(16)
    wrong = [why for n in range(400) if (why := reason(row_of(*sound_row(draw, 3 * n + 1)))) is not None]
    print(f"sound rows dropped: {len(wrong)} of 400")
    assert len(wrong) <= 4, Counter(wrong)


def test_a_broken_byte_of_a_dump_costs_its_row(tmp_path):
    posts = [part for n in range(1, 40, 3) for part in (question_of(n), answer_of(n + 1, parent=n))]
    folder = write_posts(tmp_path / "a.example", posts)
    path = folder / "Posts.xml"
    lines = path.read_bytes().split(b"\n")
    assert lines[2].count(b'Id="1"')
    lines[2] = lines[2].replace(b"bounces", b"bounc\xe9s", 1)  # question 1
    lines[5] = lines[5].replace(b'Score="9"', b'Score="9', 1)  # the answer to question 4
    lines[8] = lines[8].replace(b"energy", b"en&#1;rgy", 1)  # question 10
    lines[10] = lines[10].replace(b"Height", b"<row Height", 1)  # question 13, in two
    path.write_bytes(b"\n".join(lines))
    rows = list(StemRecipe(StemCuration()).rows([str(folder)]))
    bad = [row for row in rows if isinstance(row, UnreadableRow)]
    assert [(row.where, row.reason) for row in bad] == [
        ("a.example/Posts.xml, line 3", "not_utf8"),
        ("a.example/Posts.xml, line 6", "not_xml"),
        ("a.example/Posts.xml, line 9", "not_xml"),
        ("a.example/Posts.xml, line 11", "not_xml"),
        ("a.example/Posts.xml, line 11", "not_xml"),
    ]
    assert "bounc\\xe9s" in bad[0].raw
    sound = [row for row in rows if not isinstance(row, UnreadableRow)]
    assert [int(row.fields["question"]["Id"]) for row in sound] == [4, 7, *range(16, 40, 3)]
    assert [len(row.fields["answers"]) for row in sound] == [0, *[1] * 9]


def test_a_dump_is_read_the_same_in_blocks_of_any_size(tmp_path, monkeypatch):
    posts = [part for n in range(1, 30, 3) for part in (question_of(n), answer_of(n + 1, parent=n))]
    folder = write_posts(tmp_path / "a.example", posts, tail="  <row Id='31' PostTypeId='1'></row>\n</posts>")
    whole = list(StemRecipe(StemCuration()).rows([str(folder)]))
    assert len(whole) == 11
    for size in (64, 101, 1000):
        monkeypatch.setattr(dump_posts, "_BLOCK", size)
        assert list(StemRecipe(StemCuration()).rows([str(folder)])) == whole
