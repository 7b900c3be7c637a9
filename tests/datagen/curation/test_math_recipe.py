"""The recipe of mathematics: columns, statements, choices, rewrites, golds, duplicates; faults planted by kind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections import Counter

import planted_math as planted
import pytest

from synthetic1.datagen.curation.draft import Draft, Dropped, LeftOut, Quarantined
from synthetic1.datagen.curation.prompt_files import load_prompts
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.math import MathCuration, MathRecipe
from synthetic1.datagen.curation.recipes.mathematics.choices import find_choices
from synthetic1.datagen.curation.recipes.mathematics.statements import why_not, without_numbering
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.formats.math import REQUEST

RECIPE = MathRecipe(MathCuration())
RECALL, FALSE_DROPS = 0.98, 0.01
MANY = 100  # of each kind


class ScriptedTools:
    """A model that says what it is told, by the prompt's name; verdicts are real."""

    seed = 0

    def __init__(self, scorer, replies=None):
        self.replies, self.asked, self._scorer = replies, [], scorer

    @property
    def has_model(self):
        return self.replies is not None

    async def ask(self, prompt, draft, step, **values):
        self.asked.append((prompt, values))
        assert self.replies is not None
        assert set(values) == load_prompts([prompt])[prompt].places
        reply = self.replies[prompt]
        return reply(values) if callable(reply) else reply

    async def score(self, task, completion):
        (verdict,) = await self._scorer.score([(task, completion)])
        return verdict

    async def score_all(self, task, completions):
        return [await self.score(task, completion) for completion in completions]


VERIFIABLE = {"verifiable": "yes", "reason": "none", "why": ""}


@pytest.fixture(scope="module")
def scorer():
    with Scorer() as one:
        yield one


def raw(fields, number=1):
    return RawRow(f"numina.jsonl, row {number}", fields, "data/numina.jsonl", number)


def numina(problem, answer="7", number=1, **more):
    """A row of NuminaMath 1.5."""
    said = {"problem_type": "Algebra", "question_type": "math-word-problem", "source": "olympiads", "synthetic": False}
    valid = {"problem_is_valid": "Yes", "solution_is_valid": "Yes"}
    return raw({"problem": problem, "solution": "", "answer": answer, **said, **valid, **more}, number)


def outcome(row, tools, recipe=RECIPE):
    """The tasks of a row, or why it left."""
    left = None
    try:
        draft = Draft.from_line(recipe.draft(row).to_line())
        return asyncio.run(recipe.finish(draft, tools))
    except LeftOut as error:
        left = error
    assert left.step in (*recipe.draft_steps, *recipe.finish_steps, "gold", "duplicates")
    return left


def reason(row, tools=None):
    found = outcome(row, tools or ScriptedTools(None))
    return found.reason if isinstance(found, LeftOut) else "kept"


# Columns --------------------------------------------------------------------------------------------------------------

Q = "What is $2+2$?"
BOXED = "We add: $2+2=\\boxed{4}$."
USER = [{"role": "user", "content": Q}]
LAYOUTS = {
    "numina_cot": {"source": "cn_k12", "problem": Q, "solution": BOXED, "messages": [{"content": Q, "role": "user"}]},
    "numina_1.5": {"problem": Q, "solution": BOXED, "answer": "4", "question_type": "math-word-problem", "uuid": "u"},
    "numina_notfound": {"problem": Q, "solution": BOXED, "answer": "notfound", "question_type": "math-word-problem"},
    "gsm8k": {"question": Q, "answer": "2 and 2 is <<2+2=4>>4\n#### 4"},
    "big_math": {"problem": Q, "answer": "4", "source": "orca_math", "domain": ["Algebra"], "llama8b_solve_rate": 0.5},
    "deepscaler": {"problem": Q, "answer": "4", "solution": ""},
    "deepmath": {"question": Q, "final_answer": "4", "difficulty": 2.0, "topic": "Algebra", "r1_solution_1": "…"},
    "openmathreasoning": {"problem": Q, "expected_answer": "4", "generated_solution": "\\boxed{5}"},
    "olympiad_bench": {"question": Q, "final_answer": ["4"]},
    "skywork": {"prompt": USER, "reward_model": {"style": "rule", "ground_truth": '["4"]'}},
    "verl_repr": {"prompt": USER, "reward_model": "{'style': 'rule', 'ground_truth': '4'}"},
    "verl": {"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": f"{Q} Let's think step by step "
             'and output the final answer after "####".'}], "reward_model": {"ground_truth": "4"},
             "data_source": "gsm8k"},
    "dapo": {"prompt": "Solve the following math problem step by step. The last line of your response should be of the "
             "form Answer: $Answer (without quotes) where $Answer is the answer to the problem.\n\n" + Q +
             '\n\nRemember to put your answer on its own line after "Answer:".', "answer": "4"},
    "boxed_request": {"problem": Q + "\nPlease reason step by step, and put your final answer within \\boxed{}.",
                      "answer": 4},
    "messages_repr": {"messages": repr([*USER, {"role": "assistant", "content": BOXED}])},
    "messages_json": {"messages": json.dumps([*USER, {"role": "assistant", "content": BOXED}])},
    "sharegpt": {"conversations": [{"from": "human", "value": Q}, {"from": "gpt", "value": BOXED}]},
    "aime": {"ID": "2024-I-1", "Problem": Q, "Answer": 4, "Solution": "so 4"},
    "float_of_a_table": {"problem": Q, "answer": 4.0},
    "answer_is_a_solution": {"problem": Q, "answer": BOXED},
    "answer_null": {"problem": Q, "answer": None, "solution": BOXED},
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_columns_are_read_whatever_they_are_called(layout, scorer):
    (task,) = outcome(raw(LAYOUTS[layout]), ScriptedTools(scorer))
    assert task.prompt == f"{Q}\n\n{REQUEST}"
    assert task.verification_info == {"ground_truth": "4"}
    assert task.task_type == "verifiable_math"


@pytest.mark.parametrize(
    ("fields", "left", "why"),
    [
        ({"text": "x"}, Quarantined, "unknown_columns"),
        ({"problem": 5, "answer": "4"}, Quarantined, "not_a_chat"),
        ({"prompt": [{"role": "user"}], "answer": "4"}, Quarantined, "not_a_chat"),
        ({"problem": Q, "answer": {"a": 1}}, Quarantined, "answer_not_text"),
        ({"problem": Q, "answer": True}, Quarantined, "answer_not_text"),
        ({"prompt": Q, "reward_model": "{'a'"}, Quarantined, "answer_not_text"),
        ({"problem": Q, "answer": ["4", "5"]}, Dropped, "several_answers"),
        ({"messages": [{"role": r, "content": Q} for r in ("user", "assistant", "user")]}, Dropped, "several_turns"),
        ({"problem": Q, "answer": "4", "problem_is_valid": "Incomplete"}, Dropped, "published_as_invalid"),
        ({"problem": Q, "answer": "4", "question_type": "proof"}, Dropped, "proof"),
        ({"problem": None, "answer": "4"}, Dropped, "empty"),
        ({"problem": Q}, Dropped, "no_answer"),
        ({"problem": Q, "answer": float("nan"), "solution": "so it is"}, Dropped, "no_answer"),
        ({"problem": Q, "answer": "proof"}, Dropped, "proof"),
    ],
)
def test_rows_that_cannot_be_used_say_why(fields, left, why):
    found = outcome(raw(fields), ScriptedTools(None))
    assert (type(found), found.reason) == (left, why)


def test_a_task_says_where_it_came_from(scorer):
    row = numina("3. (5 points) Find $x$ if $x+1=8$.", uuid="u1", license="cc-by", author="me", url="https://x.org/1")
    draft = RECIPE.draft(row)
    (task,) = asyncio.run(RECIPE.finish(draft, ScriptedTools(scorer)))
    assert draft.origin == {
        "dataset": "olympiads", "file": "data/numina.jsonl", "row": 1, "license": "cc-by", "author": "me",
        "url": "https://x.org/1",
    }  # fmt: skip
    assert draft.history == {
        "answer_from": "answer", "numbering": "3. (5 points)", "classify": "by rule alone", "gold": {"rewritings": 8},
    }  # fmt: skip
    assert task.prompt.startswith("Find $x$")
    assert task.metadata == {"uuid": "u1", "problem_type": "Algebra"}


# Statements -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("Given $a,b>0$ and $a+b=1$, the minimum value of $\\frac{1}{a}+\\frac{4}{b}$ is __________.", None),
        ("The function $f(x)=x^2$ satisfies: (1) $f(x)\\ge 0$; (2) $f(0)=0$. Find $f(3)$.", None),
        (
            "Given the function $f(x)=2\\sin x$.\n(1) Find the period of $f(x)$;\n(2) Find the maximum of $f(x)$ on "
            "$[0,\\pi]$.",
            "several_parts",
        ),
        (
            "Given the function $f(x)=2\\sin x$.  \n$(1)$ Find the period of $f(x)$;  \n$(2)$ Find the maximum of "
            "$f(x)$ on $[0,\\pi]$.",
            "several_parts",
        ),
        ("Given that $a$ is real. (Ⅰ) Find the range of $a$; (Ⅱ) Find the minimum of $a$.", "several_parts"),
        ("Let $x>0$. (I) Find the range of $x$. (II) If $x=2$, find $y$.", "several_parts"),
        (
            "Given $A=\\{1\\}$. (1) When $m=3$, find $A\\cup B$; (2) If $A\\cap B=A$, find the range of $m$.",
            "several_parts",
        ),
        ("a) Find $x$. b) Find $y$.", "several_parts"),
        ("Find (a) the sum of the roots and (b) the product of the roots?", "several_parts"),
        ("Which of the curves has vertices $A(1,2)$ and $B(3,4)$? Find the distance between $A$ and $B$.", None),
        ("Let $ABC$ be a triangle. Let $D$ be the foot of the altitude. Prove that $AD=BC$.", "proof"),
        ("Let $p$ be prime.Prove that $p^2-1$ is divisible by 24", "proof"),
        ("Given $x>0$. Prove: $x+1/x\\ge2$.", "proof"),
        ("\\[a+b=c\\]\nShow that $a=0$.", "proof"),
        ("Prove the inequality $x^2\\ge 0$.", "proof"),
        ("**4.** Prove that among any 5 numbers...", "proof"),
        ("8.5. Prove that...", "proof"),
        ("Determine all $n$ for which it holds, and show that there are no others.", "proof"),
        ("Is it true that $n$ is even? Justify: prove that.", "proof"),
        ("Prove, that for any $x$ we have $x=x$.", "proof"),
        ("Prove or disprove: every $n$ is even.", "proof"),
        ("Find all integers $n$. Justify your answer.", None),
        ("It can be shown that $x=\\frac{m}{n}$ where $m,n$ coprime. Find $m+n$.", None),
        ("Sarah watches a show that lasts 30 minutes. How many shows fit in 2 hours?", None),
        ("In the figure, $AB=3$. Find $BC$.", "needs_figure"),
        ("In the figure below, $AB=3$. Find $BC$.", "needs_figure"),
        ("As shown in Figure 2, point $P$ is on the circle. Find $PA$.", "needs_figure"),
        ("As shown in the figure, it is known that...find $x$", "needs_figure"),
        ("The shaded region in the diagram is a square. What is its area?", "needs_figure"),
        ("The diagram shows a square. What is its area?", "needs_figure"),
        ("What is the area of the shaded region shown?", "needs_figure"),
        ("Four congruent rectangles are placed as shown. What is it?", "needs_figure"),
        ("(See diagram.) Find $x$.", "needs_figure"),
        ("Find the value of $x$ in the following picture.", "needs_figure"),
        ("A square and a triangle are drawn as shown above. What is x?", "needs_figure"),
        ("The bar graph shows the grades. How many got A?", "needs_figure"),
        ("A portion of the graph of $f(x)$ is shown in red below, find $f(2)$.", "needs_figure"),
        ("Find $x$. ![img](a.png)", "needs_figure"),
        ("In triangle $ABC$ the figure formed by its medians has area 3. Find it.", None),
        ("Draw a card. What is the probability?", None),
        ("How many three-figure numbers are there?", None),
        ("The graph of $y=ax^2+bx+c$ passes through $(0,1)$. Find $c$.", None),
        ("What is the slope of the graph of $y=2x$?", None),
        ("Figure out how much it costs.", None),
        ("Mary drew a picture of 3 cats. Each picture shows 4 legs. How many legs?", None),
        ("Let $S$ be (a) set. Find $x$", None),
        ("Calculate: $(1) + (2) + (3)$", None),
        ("Evaluate $f(1)+f(2)$ where $f(x)=x$.", None),
        ("For real $x$, $y$: (i) $x+y=3$, (ii) $xy=2$. What is $x^2+y^2$?", None),
        ("Solve $x+1=x$.", None),
        ("Find the direction.", None),
        ("Who is tallest?", None),
        ("We say that a number is nice if it is even. The number 3 is odd.", "not_a_question"),
        ("Under the conditions of the previous problem, find the mean.", "refers_elsewhere"),
        ("(Continuation of problem 5) Find $x$.", "refers_elsewhere"),
        ("According to the table, what is the mean?", "needs_table"),
        ("Write an essay. Explain why it holds.", "open_ended"),
        ("Compute $\\lim_{x\\to 0} \\frac{\\sin x}{x}$", None),
        ("1. Calculate the limit.\n\n$$\\lim_{n} \\frac{(3-n)^2}{(3+n)^2}$$", None),
        ("Problem 3. Calculate the integral: $\\int_0^1 x dx$", None),
        ("## Task B-1.2.\n\nCalculate the sum.", None),
        ("Determine if the graph of the equation below is a circle or a line.\n$x^2+y^2=1$", None),
        ("Below is the graph of $y=f(x)$. Find $f(2)$.", "needs_figure"),
        ("The volume of the cylinder shown is $45$. What is its height?", "needs_figure"),
        ("Find all $n$ such that $n^2<50$. Prove your answer.", None),
        ("Show your work. What is $3+4$?", None),
        ("Her card needs to show that she received 80. What grade is it?", None),
        ("A figure skater spins 2250 degrees. Which direction is she facing?", None),
        ("Let $G$ be a graph with 5 vertices. How many edges can the graph have?", None),
        ("A function satisfies (i) $f(1)=2$ and (ii) $f(x+y)=f(x)f(y)$. Find $f(5)$.", None),
        ("Let $R(x)$ be the rest by $(x - 1)(x - 4),$ and by $(x - 2)(x - 3)$. Given $P(0) = 5$, find $P(5).$", None),
        ("The table below has scores.\n| a | b |\n|---|---|\n| 1 | 2 |\nWhat is their sum?", None),
        ("He picks up a lego boxed set. How many pieces has he?", None),
        ("The value of $2^5$ is ______.", None),
        ("If $x=3$, then $x^2=$", None),
        ("The table below shows the scores. What is their sum?", "needs_table"),
        ("Two circles are tangent, as shown. What is the radius?", "needs_figure"),
        ("Using the result of the previous problem, find $x$.", "refers_elsewhere"),
        ("Sketch the curve $y=x^2$.", "open_ended"),
        ("Let $x$ be a real number. Then we take $y$ larger.", "not_a_question"),
        ("What is $2+2$? \\boxed{4}", "answer_given_away"),
        ("What is the caf\ufffd price?", "garbled"),
        ("Itâ€™s 5. What is it?", "garbled"),
        ("See https://example.org/p and find $x$.", "has_link"),
        ("Find $x$" + " and on" * 2000, "too_long"),
        ("Simplify: (a) $x+x$ (b) $y\\cdot y$", "several_parts"),
    ],
)
def test_statements(statement, why):
    assert (why_not(statement, 6_000) or (None,))[0] == why


def test_the_numbers_of_collections_go():
    assert without_numbering("12. (5 points) Find $x$.") == "Find $x$."
    assert without_numbering("## Problem 4. Let $x=1$.") == "Let $x=1$."
    for kept in ("2 trains meet. When?", "0.5 is what part of 3?", "3. 5 of them", "The 4. Find"):
        assert without_numbering(kept) == kept


# Multiple choice ------------------------------------------------------------------------------------------------------

AMC = r"What is the value of $2^3$? $\textbf{(A)}\ 6 \qquad\textbf{(B)}\ 8 \qquad\textbf{(C)}\ \frac{9}{2}$"


@pytest.mark.parametrize(
    ("statement", "answer", "value"),
    [
        (AMC, "B", "8"),
        (AMC, "8", "8"),
        (AMC, r"\textbf{(C)}\ \frac{9}{2}", r"\frac{9}{2}"),
        (AMC, "4.5", r"\frac{9}{2}"),
        ("Find the area of it.\n(A) $3$ cm\n(B) $4\\pi$\n(C) 5", "(B)", "4\\pi"),
        ("The price is (　)\nA. 10 yuan\nB. 12 yuan\nC. 14 yuan", "C", "14 yuan"),
        ("How many?\nA: $1$; B: $2$; C: $3$", "A", "1"),
        ("Is it so? a) 3 b) 4 c) 5", "b", "4"),
        (
            "Given that $\\sin\\alpha=\\frac{1}{2}$, the value of $\\alpha$ is (　　)\nA: $\\frac{\\pi}{6}$\nB: "
            "$\\frac{\\pi}{3}$\nC: $1$\nD: $0$",
            "A",
            "\\frac{\\pi}{6}",
        ),
        ("If $x=2$, then $x^2=$ ( )\n\nA. 1\n\nB. 4\n\nC. 6\n\nD. 8", "B", "4"),
        (
            "In a plane, points $A$ and $B$ are $10$ apart. How many points $C$ are there?\n\n$\\textbf{(A) "
            "}0\\qquad\\textbf{(B) }2\\qquad\\textbf{(C) }4\\qquad\\textbf{(D) }8\\qquad\\textbf{(E) "
            "}\\text{infinitely many}$",
            "\\textbf{(A) }0",
            "0",
        ),
        (
            "Quel est le rapport $\\frac{XQ}{QY}$ ?\n$$\\textbf{(A)}\\ \\frac 25 \\qquad \\textbf{(B)}\\ \\frac 12 "
            "\\qquad \\textbf{(C)}\\ \\frac 35 \\qquad \\textbf{(D)}\\ \\frac 23 \\qquad \\textbf{(E)}\\ \\frac 34$$",
            "D",
            "\\frac 23",
        ),
        ("How many ways? (A) $\\ 5$ $\\qquad$ (B) $\\ 6$ $\\qquad$ (C) $\\ 7$", "(B)", "6"),
        ("What is it? $\\mathrm{(A)\\ } 1 \\qquad \\mathrm{(B)\\ } 2\\qquad \\mathrm{(C)\\ } 3$", "B", "2"),
        (
            "What is it? $ \\textbf{(A)}\\ \\text{ 3} \\qquad\\textbf{(B)}\\ 4\\frac12 \\qquad \\textbf{(C)}\\ \\$5$",
            "B",
            "4\\frac12",
        ),
        (
            "The area is: $\\text{(A) } 4\\quad \\text{(B) } 6\\quad \\text{(C) } 8\\quad \\text{(D) } 10\\quad "
            "\\text{(E) none}$",
            "C",
            "8",
        ),
        ("Find it.\n\n(A) 1;\n\n(B) 2;\n\n(C) 3.\n\n(1997 competition)", "C", "3"),
        ("Value of $x$?\nA) $3$\nB) $4$\nC) $5$\nD) $6$", "The answer is C", "5"),
        ("Find $x$. A) 1 B) 2", "A)", "1"),
    ],
)
def test_a_letter_is_resolved_to_the_value(statement, answer, value):
    draft = RECIPE.draft(raw({"problem": statement, "answer": answer}))
    assert draft.data["answer"] == value


@pytest.mark.parametrize(
    ("statement", "answer", "why"),
    [
        (f"{AMC}\n\n[asy]draw((0,0)--(1,1));[/asy]", "B", "needs_figure"),
        (AMC, "E", "answer_not_an_option"),
        (AMC, "17", "answer_not_an_option"),
        (AMC, "A, C", "several_choices"),
        ("What is it? (A) 3 (B) 4 (C) none of these", "C", "option_about_options"),
        ("What is it? (A) 3 (B) 4 (C) It cannot be determined from this", "C", "option_about_options"),
        ("Which of the following statements is true? (A) $1<0$ (B) $0<1$ (C) $2<1$", "B", "choices_are_the_question"),
        ("What then? (A) 3 (B) the sum of all the numbers that were written down (C) 5", "B", "option_is_prose"),
        ("How many apples are there?", "C", "letter_without_options"),
        ("Is 7 a prime?", "yes", "yes_or_no"),
    ],
)
def test_choices_that_cannot_be_asked_directly(statement, answer, why):
    assert reason(raw({"problem": statement, "answer": answer})) == why


def test_points_and_labels_are_not_options():
    for statement in ("In triangle (A), (B) and C. Find it.", "Let A) be. Find $f(A)$, $f(B)$.", "f(A) + f(B) + f(C)?"):
        assert find_choices(statement) is None
    assert "options" not in RECIPE.draft(raw({"problem": "Which vertex, A or B, is farther?", "answer": "B"})).data


def test_without_a_model_a_choice_is_dropped_and_rules_decide_alone(scorer):
    found = outcome(numina(AMC, "B"), ScriptedTools(scorer))
    assert (found.step, found.reason) == ("rewrite", "needs_rewrite")


def test_a_choice_becomes_a_direct_question(scorer):
    good = {"possible": "yes", "question": "What is the value of $2^3$?", "answer": "$8$"}
    tools = ScriptedTools(scorer, {"math_rewrite": good, "math_classify": VERIFIABLE})
    draft = RECIPE.draft(numina(AMC, "B"))
    (task,) = asyncio.run(RECIPE.finish(draft, tools))
    assert task.prompt == f"What is the value of $2^3$?\n\n{REQUEST}"
    assert task.verification_info == {"ground_truth": "8"}
    assert draft.history["rewrite"] == {"was": AMC, "letter": "B"}
    assert [name for name, _ in tools.asked] == ["math_rewrite", "math_classify"]


@pytest.mark.parametrize(
    ("question", "answer", "why"),
    [
        ("What is the value of $2^4$?", "8", "numbers_changed"),
        ("What is the value of $2^3$? Eight?", "8", "answer_given_away"),
        ("What is the value of $2-3$?", "8", "formula_changed"),
        ("What is the value of $2^3$?", "9", "answer_changed"),
        ("Which of the following is $2^3$?", "8", "options_left"),
    ],
)
def test_a_bad_rewrite_is_dropped(question, answer, why, scorer):
    reply = {"possible": "yes", "question": question, "answer": answer}
    assert reason(numina(AMC, "B"), ScriptedTools(scorer, {"math_rewrite": reply, "math_classify": VERIFIABLE})) == why


def test_a_rewrite_of_another_problem_is_dropped(scorer):
    row = numina("A farmer sells 12 cows and 3 goats. How many animals? (A) 15 (B) 9 (C) 36", "A")
    reply = {"possible": "yes", "question": "A teacher owns 12 books and 3 pens; count these.", "answer": "15"}
    assert reason(row, ScriptedTools(scorer, {"math_rewrite": reply, "math_classify": VERIFIABLE})) == "rewrite_strays"


@pytest.mark.parametrize(
    ("stem", "question", "value"),
    [
        ("If $x=2$, then $x^2=$ ( )", "If $x=2$, what is $x^2$?", "4"),
        ("The area of it is:", "What is the area of it?", "8"),
        ("Which of the following is equal to $2+3$?", "What is $2+3$?", "5"),
        ("Given that $a+b=7$, the value of $2a+2b$ is (　　)", "Given that $a+b=7$, find the value of $2a+2b$.", "14"),
        ("The number of sides of a square is $\\ldots$.", "How many sides does a square have?", "4"),
        ("Let $f(x)=x-1$. What is $f(3)$?", "Suppose that $f(x)=x-1$. Determine $f(3)$.", "2"),
        ("The derivative of $y=ax$ is", "What is the derivative of $y=ax$?", "a"),
        ("A man is twice as old as his son of 12. His age is ____.", "A man is twice as old as his son of 12. How old "
         "is he?", "24"),
    ],
)  # fmt: skip
def test_a_rewrite_in_other_words_is_kept(stem, question, value, scorer):
    row = numina(f"{stem}\nA. 1000\nB. {value}\nC. 999", "B")
    reply = {"possible": "yes", "question": question, "answer": value}
    tools = ScriptedTools(scorer, {"math_rewrite": reply, "math_classify": VERIFIABLE})
    (task,) = outcome(row, tools)
    assert task.verification_info == {"ground_truth": value}


def test_the_model_classifies_unless_told_never_to(scorer):
    no = {"verifiable": "no", "reason": "ambiguous", "why": "it has two readings"}
    tools = ScriptedTools(scorer, {"math_classify": no})
    found = outcome(numina(Q, "4"), tools)
    assert (found.step, found.reason) == ("classify", "ambiguous")
    never = MathRecipe(MathCuration(classify="never"))
    assert isinstance(outcome(numina(Q, "4"), tools, never), list)
    assert len(tools.asked) == 1
    assert never.many_calls(never.draft(numina(Q, "4"))) == {"math_classify": 0, "math_rewrite": 0}


# Golds ----------------------------------------------------------------------------------------------------------------


def test_a_solution_that_ends_elsewhere_is_found(scorer):
    tools = ScriptedTools(scorer)
    assert reason(numina("Find $x$.", "5", solution="so $x=\\boxed{6}$"), tools) == "solution_disagrees"
    assert reason(numina("Find $x$.", "0.5", solution="so $x=\\boxed{\\frac{1}{2}}$"), tools) == "kept"
    assert reason(numina(AMC, "B", solution="so $\\boxed{\\textbf{(C)}}$"), tools) == "solution_disagrees"


def test_a_gold_that_fails_a_rewriting_goes(scorer, monkeypatch):
    tools = ScriptedTools(scorer)
    real = tools.score

    async def strict(task, completion):
        verdict = await real(task, completion)
        return verdict if completion == "\\boxed{7}" else type(verdict)(0.0, "wrong_answer", None, {})

    monkeypatch.setattr(tools, "score", strict)
    found = outcome(numina("Find $x$."), tools)
    assert (found.step, found.reason) == ("gold", "rewriting_fails")
    assert isinstance(outcome(numina("Find $x$."), tools, MathRecipe(MathCuration(rewritings=0))), list)


def test_a_matrix_is_not_prose():
    matrix = "\\left[\\begin{array}{lll}0 & 1 & 0 \\\\ 1 & 0 & 0\\end{array}\\right]"
    answer = ", ".join(f"{name}={matrix}" for name in "ABCDE")
    assert RECIPE.draft(numina("Find the matrices.", answer)).data["answer"] == answer


def test_a_name_that_is_taken_in_the_statement_says_nothing_of_the_gold(scorer):
    every = MathRecipe(MathCuration(rewritings=1_000))
    for statement in (
        "Let $x$ and $y$ be positive with $xy=2$. Find the minimum of $x^4+4y^2$.",
        "If $A$ is the sum of the divisors of $500$, what is the sum of the prime divisors of $A$?",
    ):
        assert isinstance(outcome(numina(statement, "16"), ScriptedTools(scorer), every), list)


# Duplicates -----------------------------------------------------------------------------------------------------------


def draft_of(problem, answer, number=1):
    return RECIPE.draft(numina(problem, answer, number))


def test_other_answers_to_the_same_text_drop_both(scorer):
    kept, other = (
        draft_of("Find $\\frac{1}{2}+x$ at $x=3$.", "3.5"),
        draft_of("find $\\dfrac12 + x$ at $x = 3$", "4", 2),
    )
    assert RECIPE.is_duplicate(kept, other)
    assert RECIPE.duplicate_reason(kept, other) == "gold_conflict"
    merged = RECIPE.merge(kept, other)
    with pytest.raises(Dropped) as found:
        asyncio.run(RECIPE.finish(merged, ScriptedTools(scorer)))
    assert (found.value.step, found.value.reason) == ("duplicates", "gold_conflict")
    third = draft_of("Find $\\frac{1}{2}+x$ at $x=3$.", "\\frac{7}{2}", 3)
    assert RECIPE.merge(kept, third) is kept
    assert RECIPE.duplicate_reason(kept, third) == "duplicate"
    assert RECIPE.duplicate_reason(merged, third) == "gold_conflict"


def test_an_answer_that_nobody_can_read_contradicts_nothing(scorer):
    good, bad = draft_of("Find $x$ at $y=3$.", "3.5"), draft_of("Find $x$ at $y=3$.", "\\frac{7}{2", 2)
    for kept, other in ((good, bad), (bad, good)):
        assert RECIPE.is_duplicate(kept, other)
        assert RECIPE.duplicate_reason(kept, other) == "duplicate"
        (task,) = asyncio.run(RECIPE.finish(RECIPE.merge(kept, other), ScriptedTools(scorer)))
        assert task.verification_info == {"ground_truth": "3.5"}


def test_no_row_takes_long_or_breaks_what_comes_behind():
    many = 3_000
    hostile = [
        "What is $2$? (A)" + " " * many + "(B) 3 (C) 4", "$" * many + " what?", "\\textbf{(A" * many, "(" * many + "?",
        "A) " * many, "figure " * many, "the graph of " * many, "1. " * many + "\n2. find", "prove " * many,
        "\n" * many + "?",
        "boxed by step" + " " * many + "please put your answer " * 100, "A. B. " * many, "\\qquad" * many + "(A) what",
        "\\text{" * many + "?", "in the table " * many, "shown " * many, "(a) " * many, "[" * many + "{",
        "x" * 1_000_000,
        " " * 1_000_000 + "boxed",
    ]  # fmt: skip
    for statement in hostile:
        for answer in ("B", "A" * 300, "(" * 300, "A, " * 100, " " * 300, "\\text{" * 60):
            begun = time.process_time()
            with contextlib.suppress(LeftOut):
                RECIPE.draft(numina(statement, answer))
            assert time.process_time() - begun < 0.5, statement[:40]


def test_halves_of_characters_can_be_written(scorer):
    (task,) = outcome(numina("Find $x$.", "5", solution="\ud83d so 5"), ScriptedTools(scorer))
    json.dumps(task.to_row(), ensure_ascii=False).encode()
    assert reason(numina("Find $x$ \ud83d.", "5")) == "garbled"


def test_one_word_and_another_answer_is_another_problem():
    kept, other = (
        draft_of("Find the largest root of $x^2-5x+6$.", "3"),
        draft_of("Find the smallest root of $x^2-5x+6$.", "2"),
    )
    assert not RECIPE.is_duplicate(kept, other)
    sign = draft_of("Find the largest root of $x^2+5x+6$.", "3")
    assert not RECIPE.is_duplicate(kept, sign)


# Planted faults, on foreign problems ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def word_problems(shared_data):
    """(question, answer) of GSM8K, where the answer is an integer and the question has numbers."""
    rows = [json.loads(line) for line in (shared_data / "gsm8k_test.jsonl").read_text().splitlines()]
    pairs = [(row["question"], row["answer"].rpartition("####")[2].strip()) for row in rows]
    return [(question, answer) for question, answer in pairs if any(char.isdigit() for char in question)]


@pytest.fixture(scope="module")
def competition(shared_data):
    """Rows of MATH-500 without figures."""
    rows = [json.loads(line) for line in (shared_data / "math500_test.jsonl").read_text().splitlines()]
    return [row for row in rows if "[asy]" not in row["problem"] and "as shown" not in row["problem"]]


def recall(kind, found, wanted):
    share = sum(reason in wanted for reason in found) / len(found)
    print(f"planted {kind}: recall {share:.3f} of {len(found)}, {dict(Counter(found))}")
    assert share >= RECALL, Counter(found)


def test_planted_proofs_figures_and_parts_are_found(word_problems):
    rng = random.Random(0)
    proofs = [numina(rng.choice(planted.PROOFS).format(rng.choice(planted.CLAIMS))) for _ in range(MANY)]
    recall("proofs", [reason(row) for row in proofs], {"proof"})
    figures = [numina(rng.choice(planted.FIGURES).format(rng.choice(word_problems)[0])) for _ in range(MANY)]
    recall("figures", [reason(row) for row in figures], {"needs_figure"})
    asked = [[question for question, _ in rng.sample(word_problems, 2)] for _ in range(MANY)]
    parts = [numina(rng.choice(planted.PARTS).format(*two)) for two in asked]
    recall("several parts", [reason(row) for row in parts], {"several_parts"})


def test_planted_golds_that_cannot_be_read_are_found(word_problems, scorer):
    rng, tools = random.Random(1), ScriptedTools(scorer)
    rows = [numina(rng.choice(word_problems)[0], rng.choice(planted.BAD_GOLDS)) for _ in range(MANY)]
    recall("golds", [reason(row, tools) for row in rows], {"answer_is_prose", "proof", "unscorable_gold", "no_answer"})


@pytest.mark.parametrize(
    ("leak", "wanted"),
    [
        (planted.with_options_left, {"options_left"}),
        (planted.with_answer_given, {"answer_given_away", "options_left"}),
        (planted.with_value_changed, {"numbers_changed", "answer_given_away", "options_left"}),
    ],
)
def test_planted_leaks_of_rewrites_are_found(leak, wanted, word_problems, scorer):
    rng, found = random.Random(2), []
    for _ in range(MANY):
        question, answer = rng.choice(word_problems)
        value = int(answer.replace(",", ""))
        statement, options, letter = planted.multiple_choice(question, value, rng)
        reply = {"possible": "yes", "question": leak(question, options, value, statement, rng), "answer": str(value)}
        tools = ScriptedTools(scorer, {"math_rewrite": reply, "math_classify": VERIFIABLE})
        found.append(reason(numina(statement, letter), tools))
    recall(leak.__name__, found, wanted)


def test_sound_rewrites_are_kept(word_problems, scorer):
    rng, found = random.Random(3), []
    for question, answer in rng.sample(word_problems, 300):
        value = int(answer.replace(",", ""))
        statement, _, letter = planted.multiple_choice(question, value, rng)
        reply = {"possible": "yes", "question": question, "answer": f"${value}$"}
        tools = ScriptedTools(scorer, {"math_rewrite": reply, "math_classify": VERIFIABLE})
        found.append(reason(numina(statement, letter), tools))
    print(f"sound rewrites: {dict(Counter(found))}")
    assert found.count("kept") >= (1 - FALSE_DROPS) * len(found), Counter(found)


def test_planted_duplicates_are_found_and_templates_are_kept(word_problems, competition):
    rng = random.Random(4)
    pairs = [*word_problems[:300], *((row["problem"], row["answer"]) for row in competition[:300])]
    for change in (planted.respelled, planted.one_word_changed):
        found = []
        while len(found) < MANY:
            text, answer = rng.choice(pairs)
            other = change(text, rng)
            if other is not None and not find_choices(text, "A"):
                one, two = draft_of(text, answer), draft_of(other, answer, 2)
                found.append("duplicate" if RECIPE.is_duplicate(one, two) else "another")
        recall(change.__name__, found, {"duplicate"})
    templates = []
    while len(templates) < 300:
        text, answer = rng.choice(pairs)
        other = planted.other_numbers(text, rng)
        if other is not None:
            told = rng.choice((answer, "12345"))
            templates.append(RECIPE.is_duplicate(draft_of(text, answer), draft_of(other, told, 2)))
    print(f"templates taken for duplicates: {sum(templates)} of {len(templates)}")
    assert sum(templates) <= FALSE_DROPS * len(templates)


def test_planted_conflicts_of_golds_are_found(word_problems):
    rng, found = random.Random(5), []
    for question, answer in rng.sample(word_problems, MANY):
        one, two = draft_of(question, answer), draft_of(planted.respelled(question, rng), f"{answer}1", 2)
        found.append(RECIPE.duplicate_reason(one, two) if RECIPE.is_duplicate(one, two) else "another")
    recall("conflicts", found, {"gold_conflict"})


def test_sound_rows_are_kept(word_problems, competition, scorer):
    rng, tools = random.Random(6), ScriptedTools(scorer)
    rows = [numina(question, answer) for question, answer in rng.sample(word_problems, 300)]
    rows += [
        numina(row["problem"], row["answer"], solution=row["solution"], uuid=row["unique_id"])
        for row in competition
        if not find_choices(row["problem"], row["answer"])
    ]
    found = [outcome(row, tools) for row in rows]
    dropped = [
        (str(left), row.fields["problem"][:200])
        for left, row in zip(found, rows, strict=True)
        if isinstance(left, LeftOut)
    ]
    print(f"false drops: {len(dropped)} of {len(rows)}", *dropped, sep="\n")
    assert len(dropped) <= FALSE_DROPS * len(rows), dropped
