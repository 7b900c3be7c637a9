"""Faults planted into problems of mathematics, by kind: rows as they are published, seeded."""

from __future__ import annotations

import re

ASY = '[asy]\nsize(100);\ndraw((0,0)--(4,0)--(4,3)--cycle);\nlabel("$A$",(0,0),SW);\n[/asy]'
FIGURES = (
    "{} " + ASY,
    "As shown in the figure, the lengths are marked. {}",
    "{} See the diagram below.",
    "In the figure, the line is drawn as marked. {}",
    "{}\n\n![](https://cdn.mathpix.com/cropped/2024_04_17_a.jpg?height=300)",
    "The graph of $y=f(x)$ is shown below. {}",
    "{} (Refer to Figure 3.)",
    "{} \\includegraphics[width=5cm]{{fig1.png}}",
    "Consider the triangle pictured at right. {}",
    "Use the accompanying diagram. {}",
)
PROOFS = (
    "Prove that {}",
    "Show that {}",
    "Let $n$ be a positive integer. Prove that {}",
    "Suppose that $a$ and $b$ are real numbers with $a+b=1$; show that {}",
    "Prove: {}",
    "12. (10 points) Let $S$ be a finite set. Show that {}",
    "We are given a sequence with $a_1=1$. Demonstrate that {}",
    "If $x>0$, prove that {}",
    "Given that $p$ is a prime, find a bound and prove that {}",
    "Verify that {}",
)
CLAIMS = (
    "$a^2+b^2\\ge 2ab$.",
    "the number $n^3-n$ is divisible by $6$.",
    "there are infinitely many such integers.",
    "$\\frac{a}{b}+\\frac{b}{a}\\geq 2$ for all positive reals.",
    "the lines $AB$ and $CD$ are parallel.",
    "$\\sqrt{2}$ is irrational.",
    "the sequence converges to $1$.",
    "$\\sum_{k=1}^n k=\\frac{n(n+1)}{2}$.",
)
PARTS = (
    "(a) {}\n(b) {}",
    "a) {} b) {}",
    "(1) {}\n\n(2) {}",
    "(i) {} (ii) {}",
    "1. {}\n2. {}",
    "Part 1: {}\nPart 2: {}",
    "**Part (a)** {}\n\n**Part (b)** {}",
    "In class two things are asked. (1) {} ; (2) {}",
)
BAD_GOLDS = (
    "see solution",
    "n/a",
    "Proof",
    "answers will vary",
    "\\frac{1}{2",
    "{3}}",
    "We note that the sum is even, hence the claim follows because both of the terms are even",
    "the set of all points that lie inside of the circle but outside of the square that we have drawn before it",
    "\\begin{proof} Let x be given. \\end{proof}",
    "unknown",
    "Since $n$ is odd, we show that it holds for $n+2$, too",
    "???",
)
FIVE = "ABCDE"
MC_STYLES = (
    "{} $" + "\\qquad".join(f"\\textbf{{{{({letter})}}}}\\ {{}}" for letter in FIVE) + "$",
    "{}\n\n$" + "\\qquad ".join(f"\\text{{{{({letter})}}}}\\ {{}}" for letter in FIVE) + "$",
    "{}\n$$" + "\\qquad ".join(f"\\textbf{{{{({letter}) }}}}{{}}" for letter in FIVE) + "$$",
    "{}\n\\( " + " \\qquad ".join(f"\\textbf{{{{({letter})}}}}\\ {{}}" for letter in FIVE) + " \\)",
    "{}\n" + " ".join(f"$(\\mathrm{{{{{letter}}}}})$ ${{}}$" for letter in FIVE),
    "{}\n(A) {}\n(B) {}\n(C) {}\n(D) {}\n(E) {}",
    "{}\nA. {}\nB. {}\nC. {}\nD. {}\nE. {}",
    "{} A) {} B) {} C) {} D) {} E) {}",
)
LETTERS = ("{}", "({})", "\\text{{({})}}", "\\textbf{{({})}}", "{}.", "\\mathrm{{({})}}", "option {}")


def multiple_choice(question, value, rng):
    """(statement, the options, the letter) of a question whose answer is an integer."""
    options = {value}
    while len(options) < 5:
        options.add(max(0, value + rng.choice((-1, 1)) * rng.choice((1, 2, 3, 5, 7, 10, 12, 20, 24, 30))))
    options = rng.sample(sorted(options), 5)
    letter = "ABCDE"[options.index(value)]
    return rng.choice(MC_STYLES).format(question, *options), options, rng.choice(LETTERS).format(letter)


def with_options_left(question, options, value, statement, rng):
    """A rewrite in which options, or words about them, are left."""
    some = rng.sample(options, 3)
    return rng.choice((
        statement,
        f"Which of the following is the answer? {question}",
        f"{question} Choose from {some[0]}, {some[1]} and {some[2]}.",
        f"{question} Is it {some[0]}, {some[1]} or {some[2]}?",
        f"{question} Options: {', '.join(map(str, options))}",
        f"{question} (A) {options[0]} (B) {options[1]}",
        f"{question} Select the correct option.",
        f"{question} $\\qquad (C)\\ {options[2]}$",
    ))  # fmt: skip


def with_answer_given(question, options, value, statement, rng):
    """A rewrite that says the answer."""
    return rng.choice((
        f"{question} The answer is {value}.",
        f"{question} (Answer: {value})",
        f"{question} Show that it is {value}.",
        f"{question} Hint: it lies right after {value - 1}.",
        f"Given that the result is {value}, solve: {question}",
        f"{question} Note that the correct answer equals ${value}$.",
        f"{question} Explain why it is {value} and not another number.",
        f"{question} = {value}?",
    ))  # fmt: skip


def with_value_changed(question, options, value, statement, rng):
    """A rewrite with another number than the original's."""
    places = list(re.finditer(r"\d+", question))
    one = rng.choice(places)
    return question[: one.start()] + str(int(one[0]) + rng.choice((1, 2, 10, 100))) + question[one.end() :]


def respelled(text, rng):
    """The same problem in another spelling: case, spacing, LaTeX, punctuation."""
    changes = [
        lambda t: t.upper() if "\\" not in t else re.sub(r"^(\w)", lambda m: m[1].lower(), t),
        lambda t: re.sub(r" ", "  ", t),
        lambda t: t.replace("\\frac", "\\dfrac").replace("\\left(", "(").replace("\\right)", ")"),
        lambda t: t.replace("\n", " ").rstrip(".?! ") + " .",
        lambda t: re.sub(r"(?<!\$)\$(?!\$)([^$]+)\$(?!\$)", r"\\(\1\\)", t),
        lambda t: t.replace("\\le ", "\\leq ").replace("\\cdot", "\\times").replace("'", "’"),
        lambda t: re.sub(r"(\d),(?=\d{3}\b)", r"\1{,}", t),
    ]
    for change in rng.sample(changes, 2):
        text = change(text)
    return f"{rng.randint(1, 60)}. {text}" if rng.random() < 0.3 and text[:1].isupper() else text


def one_word_changed(text, rng):
    """The same problem with one word of prose put another way."""
    prose = re.sub(r"\$[^$]*\$", lambda formula: "#" * len(formula[0]), text)
    words = list(re.finditer(r"(?<![\\\w$])[a-z]{4,}(?![\w$}])", prose))
    if not words:
        return None
    one = rng.choice(words)
    return text[: one.start()] + rng.choice(("certain", "given", "some", "such")) + text[one.end() :]


def other_numbers(text, rng):
    """A problem of the same template: one of its numbers is another one."""
    places = list(re.finditer(r"\d+", text))
    if not places:
        return None
    one = rng.choice(places)
    return text[: one.start()] + str(int(one[0]) + rng.choice((1, 2, 3, 5))) + text[one.end() :]
