"""HTML of posts as Markdown: every formula comes out as the same bytes."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.datagen.curation.recipes.questions.markdown import formulas, to_markdown

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("<p>a <strong>b</strong> and <em>c</em></p>", "a **b** and *c*"),
        ("<p>snake_case * 2 * 3 \\ 4</p>", "snake_case * 2 * 3 \\ 4"),
        ('<p>see <a href="https://x.example/">the rule</a>.</p>', "see the rule."),
        ("<p>$a_1*b_2*c$ &lt; $\\{x &amp; y\\}$</p>", "$a_1*b_2*c$ < $\\{x & y\\}$"),
        ("<p>$$\na  b\\\\\n_c_\n$$</p>", "$$\na  b\\\\\n_c_\n$$"),
        ("<p>$$a_1<br>b_2$$</p>", "$$a_1\nb_2$$"),
        ("<p>$5 or <b>$10</b> each</p>", "$5 or **$10** each"),
        ("<ul><li>a<ul><li>$b_1*$ c</li></ul></li><li>d</li></ul>", "- a\n  - $b_1*$ c\n- d"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<blockquote><p>a</p><p>$b_*$</p></blockquote>", "> a\n>\n> $b_*$"),
        ('<pre class="lang-py"><code>a_b = $x * 2\n\n  # y_*\n</code></pre>', "```py\na_b = $x * 2\n\n  # y_*\n```"),
        ("<pre><code>```\na\n```\n</code></pre>", "````\n```\na\n```\n````"),
        ("<p>use <code>$a_b*</code> and <code>c*$</code></p>", "use `$a_b*` and `c*$`"),
        ("<blockquote><pre><code>a\nb\n</code></pre></blockquote>", "> ```\n> a\n> b\n> ```"),
        ("<p>Qkept0x stays, $a$ too</p>", "Qkept0x stays, $a$ too"),
        ("<h2>Title</h2><p>x<sub>2</sub> &amp; y</p>", "## Title\n\nx₂ & y"),
        (
            "<p>\\begin{align} a_1 &amp;= b \\\\ c &amp;= d_* \\end{align}</p>",
            "\\begin{align} a_1 &= b \\\\ c &= d_* \\end{align}",
        ),
    ],
)
def test_markdown(said, wanted):
    assert to_markdown(said) == wanted


INSIDE = st.text(alphabet="abxy_*^{}()<>&+-=`#~!| \\\n12'\"[]", min_size=1, max_size=40)
WRAP = st.sampled_from(
    ["<p>{}</p>", "<ul><li>{}</li></ul>", "<blockquote><p>{}</p></blockquote>", "<p>a <em>b</em> {} <b>c</b></p>",
     "<h3>{}</h3>", "<ol><li>x<ul><li>{}</li></ul></li></ol>", "<div><p>{}</p></div>"]
)  # fmt: skip


@given(
    st.lists(
        st.tuples(INSIDE, st.sampled_from(["${}$", "$${}$$", "\\({}\\)", "\\[{}\\]"]), WRAP), min_size=1, max_size=5
    )
)
def test_formulas_are_the_same_bytes_before_and_after(parts):
    segments = [form.format(inside.replace("{", "").replace("}", "")) for inside, form, _ in parts]
    found = [(one, wrap) for one, (_, _, wrap) in zip(segments, parts, strict=True) if formulas(f"x {one} y") == [one]]
    page = "".join(wrap.format(f"say {html.escape(one, quote=False)} so") for one, wrap in found)
    text = to_markdown(page)
    for one, _ in found:
        assert one in text
        text = text.replace(one, "", 1)


def test_formulas_of_published_solutions_come_through():
    path = SHARED / "math500_test.jsonl"
    if not path.exists():
        pytest.skip("the shared data is not beside this checkout")
    count = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)["solution"]
        paragraphs = said.split("\n\n")
        text = to_markdown("".join(f"<p>{html.escape(one, quote=False)}</p>\n" for one in paragraphs))
        for one in (formula for paragraph in paragraphs for formula in formulas(paragraph)):
            assert one in text, one
            count += 1
    assert count > 2_000
