"""Answers that change a file: what is read as a change, what it makes of the file, and what is refused."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synthetic1.change_form import change_form
from synthetic1.evaluation.auditing.file_rewrites import block as hunk_block
from synthetic1.evaluation.auditing.file_rewrites import hunks
from synthetic1.rewards.file_edits.diffs import Matcher
from synthetic1.rewards.file_edits.edits import new_state
from synthetic1.rewards.file_edits.lines import Unappliable, read_lines, write_lines
from synthetic1.rewards.file_edits.places import places

FILE = "import os\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n"
MARKDOWN = "# Title\n\nRun it:\n\n```bash\nmake\n```\n\nDone.\n"


def edit(search, replacement, width=7):
    return block(search.split("\n") if search else [], replacement.split("\n") if replacement else [], width)


def block(search, replacement, width=7):
    return "\n".join(["<" * width + " SEARCH", *search, "=" * width, *replacement, ">" * width + " REPLACE", ""])


ONE = edit("    return 1", "    return 10")
TWO = edit("    return 2", "    return 20")
NEW = FILE.replace("return 1", "return 10")
BOTH = NEW.replace("return 2", "return 20")


def state(answer, before=FILE, labels=("python", "py"), **options):
    found = new_state(answer, read_lines(before), labels, **options)
    return None if found is None else "\n".join(found)


def text(file):
    return "\n".join(read_lines(file))


@pytest.mark.parametrize(
    ("name", "answer", "before", "after"),
    [
        ("one edit", ONE, FILE, NEW),
        ("several", ONE + TWO, FILE, BOTH),
        ("in any order", TWO + "and\n\n" + ONE, FILE, BOTH),
        ("with talk around them", f"First:\n\n{ONE}\nThen I am done.", FILE, NEW),
        ("in a fence", f"```python\n{ONE}```", FILE, NEW),
        ("in a fence each", f"```\n{ONE}```\n\n```\n{TWO}```", FILE, BOTH),
        ("indented, in a list", "1. so:\n\n   " + ONE.replace("\n", "\n   "), FILE, NEW),
        ("without a space in the markers", ONE.replace(" SEARCH", "SEARCH").replace(" REPLACE", "REPLACE"), FILE, NEW),
        ("blocks count, fences beside them do not", f"{ONE}\n```python\nprint(1)\n```", FILE, NEW),
        ("a file in CRLF, an answer in LF", ONE, FILE.replace("\n", "\r\n"), NEW),
        ("a file in LF, an answer in CRLF", ONE.replace("\n", "\r\n"), FILE, NEW),
        ("no newline at the end of the file", TWO, FILE.rstrip("\n"), FILE.replace("return 2", "return 20")),
        ("white space at line ends", edit("    return 1   ", "    return 10"), FILE.replace("1\n", "1\t\n"), NEW),
        ("a byte order mark", ONE, "\ufeff" + FILE, NEW),
        ("deletion", edit("import os\n\n", ""), FILE, FILE.replace("import os\n\n\n", "")),
        ("insertion", edit("import os", "import os\nimport re"), FILE, FILE.replace("os\n", "os\nimport re\n")),
        ("unicode", edit("naïve = '→ 𝟙'", "naïve = '← 𝟚'"), "naïve = '→ 𝟙'\n", "naïve = '← 𝟚'\n"),
        ("no separators but newlines", edit("a\x0cb\u2028c", "d"), "a\x0cb\u2028c\nx\n", "d\nx\n"),
        ("adjacent edits", edit("a", "A") + edit("b", "B"), "a\nb\nc\n", "A\nB\nc\n"),
        ("the whole file", edit("a\nb", "c"), "a\nb\n", "c\n"),
        ("all of it", edit("a", ""), "a\n", ""),
        ("a file that is not there yet", "<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE", "", "x = 1\n"),
        ("indentation tells equal lines apart", edit("    x = 1", "    x = 2"), "x = 1\n    x = 1\n",
         "x = 1\n    x = 2\n"),
        ("fences within a block", edit("```bash\nmake\n```", "```sh\nmake all\n```"), MARKDOWN,
         MARKDOWN.replace("bash\nmake", "sh\nmake all")),
        ("a heading underlined, longer markers", edit("Old\n=======", "New\n=======", 9), "Old\n=======\n\nx\n",
         "New\n=======\n\nx\n"),
        ("the underline is what is new", edit("Old", "New\n======="), "Old\n\nx\n", "New\n=======\n\nx\n"),
        ("a marker that was miscounted", ONE.replace("=======", "========"), FILE, NEW),
        ("text that says the same twice on one line", edit("a a", "b"), "a a\na\n", "b\na\n"),
        ("empty lines at the end of the file", edit("    return 2\n\n", "    return 20\n"), FILE + "\n\n",
         FILE.replace("return 2", "return 20")),
        ("more of them than the file has", edit("    return 2\n\n\n\n", "    return 20"), FILE,
         FILE.replace("return 2", "return 20")),
        ("empty lines within", edit("import os\n", "import re\n"), FILE, FILE.replace("os", "re")),
        ("an end token", ONE.rstrip("\n") + "<|im_end|>", FILE, NEW),
        ("half a line is no line", edit("return 1", "x"), "return 1\nreturn 11\n", "x\nreturn 11\n"),
    ],
)  # fmt: skip
def test_blocks(name, answer, before, after):
    assert state(answer, before) == text(after), name


@pytest.mark.parametrize(
    ("answer", "before", "why"),
    [
        (edit("    return 3", "    return 4"), FILE, "block 1 is not in the file"),
        (edit("return 1", "return 10"), FILE, "block 1 is not in the file"),  # indentation is part of a line
        (edit("\treturn 1", "\treturn 10"), FILE, "block 1 is not in the file"),
        (ONE + edit("    return 3", ""), FILE, "block 2 is not in the file"),
        (edit("    return 10", "    return 3") + ONE, FILE, "block 1 is not in the file"),  # nor in the edited one
        (edit("a", "b"), "a\nx\na\n", "block 1 is in the file more than once"),
        (edit("a\na", "b"), "a\na\na\n", "block 1 is in the file more than once"),
        (edit("", "b"), FILE, "block 1 is empty"),
        (edit("\n\n", "b"), FILE, "block 1 is empty"),
        (ONE + ONE, FILE, "overlaps"),
        (edit("a\nb", "x") + edit("b\nc", "y"), "a\nb\nc\n", "block 2 overlaps"),
        (edit("b\nc", "y") + edit("a\nb", "x"), "a\nb\nc\n", "overlaps"),
        ("<<<<<<< SEARCH\n=======\na\n>>>>>>> REPLACE\n" * 2, "", "overlaps"),
        (ONE.replace(">>>>>>> REPLACE", ""), FILE, "no line `>>>>>>> REPLACE`"),
        (ONE.replace("=======\n", ""), FILE, "no line `=======`"),
        (ONE.replace(">>>>>>> REPLACE", "") + ONE, FILE, "begins before the one above it has ended"),
        (f"```python\n{FILE}```\n<<<<<<< SEARCH", FILE, "no line `>>>>>>> REPLACE`"),
        (edit("    return 1", "=======\n" * 40), FILE, "41 lines `=======`"),
        # one line is `Old` and its underline, or `Old` alone
        (edit("Old\n=======", "New\n======="), "Old\n=======\n\nx\n", "block 1 can be read in several ways"),
        # with the indentation of the markers, and without
        ("  <<<<<<< SEARCH\n  x = 1\n  =======\n  x = 2\n  >>>>>>> REPLACE", "x = 1\n  x = 1\n", "several ways"),
        ("  <<<<<<< SEARCH\nx = 1\n  =======\n  x = 2\n  >>>>>>> REPLACE", "x = 1\n", "several ways"),
        (edit("import os\n\n\n\n", "import re"), FILE, "block 1 is not in the file"),  # there are two, not three
        (edit("    return 1\n\n\n\n", ""), FILE, "block 1 is not in the file"),  # nor is this the end
        (">>>>>>> REPLACE\n" + ONE, FILE, "the end of an edit without its beginning"),
        (f"```python\n{NEW}```\n>>>>>>> REPLACE", FILE, "the end of an edit without its beginning"),
    ],
)
def test_refused(answer, before, why):
    with pytest.raises(Unappliable, match=why):
        state(answer, before)


@pytest.mark.parametrize(
    ("name", "answer", "after"),
    [
        ("labelled", f"```python\n{NEW}```", NEW),
        ("by its short name", f"```py\n{NEW}```", NEW),
        ("no label", f"```\n{NEW}```", NEW),
        ("the last one", f"```python\n{FILE}```\nNo:\n```python\n{NEW}```", NEW),
        ("not what is in another language", f"```python\n{NEW}```\n```bash\npytest\n```", NEW),
        ("tildes, CRLF", f"~~~python\n{NEW}~~~".replace("\n", "\r\n"), NEW),
        ("a longer fence around one of three", f"````python\n'''\n```\n'''\n{NEW}````", f"'''\n```\n'''\n{NEW}"),
        ("never closed", f"```python\n{NEW}", NEW),
        ("emptied", "```python\n```", ""),
        ("no fence", NEW, None),
        ("another language", f"```diff\n{NEW}```", None),
        ("nothing", "", None),
    ],
)  # fmt: skip
def test_whole_files(name, answer, after):
    assert state(answer) == (None if after is None else text(after)), name


def test_a_file_that_was_cut_off_is_none():
    assert state(f"```python\n{NEW}", cut_off=True) is None
    assert state(f"```python\n{NEW}```\n\nNo, better:\n\n```python\nimport", cut_off=True) is None
    assert state(f"```python\n{NEW}```\n\nTo run it:\n\n```sh\npy", cut_off=True) == text(NEW)


def test_of_edits_that_were_cut_off_some_may_be_missing():
    assert state(ONE, cut_off=True, after=read_lines(NEW)) == text(NEW)
    with pytest.raises(Unappliable, match="cut off"):
        state(ONE, cut_off=True, after=read_lines(BOTH))


MIXED = {
    "Cline": "------- SEARCH\n    return 1\n=======\n    return 10\n+++++++ REPLACE\n",
    "Cline, of old": "<<<<<<< SEARCH\n    return 1\n=======\n    return 10\n+++++++ REPLACE\n",
    "Aider, of old": "<<<<<<< ORIGINAL\n    return 1\n=======\n    return 10\n>>>>>>> UPDATED\n",
    "Roo": "<<<<<<< SEARCH\n:start_line:5\n-------\n    return 1\n=======\n    return 10\n>>>>>>> REPLACE\n",
    "git": "<<<<<<< HEAD\n    return 1\n=======\n    return 10\n>>>>>>> main\n",
    "git, three sides": "<<<<<<< a\nx\n||||||| b\ny\n=======\nz\n>>>>>>> c\n",
    "a path behind": ONE.replace("SEARCH", "SEARCH x.py"),
    "lower case": ONE.replace("SEARCH", "search").replace("REPLACE", "replace"),
    "other words": ONE.replace("SEARCH", "FIND").replace("REPLACE", "WITH"),
    "no words": ONE.replace(" SEARCH", "").replace(" REPLACE", ""),
    "patch": "*** Begin Patch\n*** Update File: x.py\n@@\n-    return 1\n+    return 10\n*** End Patch\n",
    "hunk": "@@ -5,1 +5,1 @@\n-    return 1\n+    return 10\n",
    "hunk without numbers": "@@ ... @@\n-    return 1\n+    return 10\n",
    "unified diff": "--- a/x.py\n+++ b/x.py\n-    return 1\n+    return 10\n",
    "git's diff": "diff --git a/x.py b/x.py\n-    return 1\n+    return 10\n",
    "diff": "5c5\n<     return 1\n---\n>     return 10\n",
    "context diff": "***************\n*** 5 ****\n!     return 1\n--- 5 ----\n!     return 10\n",
    "tags": "<search>\n    return 1\n</search>\n<replace>\n    return 10\n</replace>\n",
    "a call": '{"old_str": "    return 1",\n "new_str": "    return 10"}\n',
}


@pytest.mark.parametrize("dialect", MIXED)
def test_other_ways_to_write_an_edit_are_refused(dialect):
    """In a fence of the file's, and beside what can be read: they neither become the file nor are left out."""
    other = MIXED[dialect]
    for answer in (f"```python\n{other}```", f"```\n{other}```", other + TWO, f"{TWO}\nand\n\n{other}"):
        with pytest.raises(Unappliable):
            state(answer)


@pytest.mark.parametrize("lines", ["-    return 1\n+    return 10", " def one():\n-    return 1\n+    return 10\n "])
def test_lines_with_signs_are_no_file(lines):
    with pytest.raises(Unappliable, match="a diff"):
        state(f"```python\n{lines}\n```")


@pytest.mark.parametrize(
    "line",
    ["# ... existing code ...", "// ... rest of the file ...", "# (the rest of the code is unchanged)", "... unchanged",
     "<!-- rest of file remains the same -->", "/* ... existing functions ... */", "    # … existing code"],
)  # fmt: skip
def test_a_file_with_parts_left_out_is_no_file(line):
    with pytest.raises(Unappliable, match="left out"):
        state(f"```python\nimport re\n{line}\n```")
    with pytest.raises(Unappliable, match="left out"):
        state(edit("    return 1", f"    return 10\n{line}"))
    assert state(f"```python\nimport re\n{line}\n```", before=f"import os\n{line}\n") == f"import re\n{line}"


@pytest.mark.parametrize(
    "line",
    ["# existing code wins over new code", "x = {...unchanged, a: 1}", "  ...unchanged,", "# the rest is history ...",
     "# keep existing files", "----- SEARCH RESULTS -----", "<<x", ">>> f(1)", "... y", "@@cache = {}", "*** bold ***",
     "-x", "+ y", "<search>", "5c5", "--- a", "// see the previous code review"],
)  # fmt: skip
def test_lines_that_only_look_like_it(line):
    assert state(f"```python\n{NEW}{line}\n```") == text(NEW + line)
    assert state(f"The line\n\n{line}\n\nis new.\n\n{ONE}") == text(NEW)


def test_a_diff_beside_the_whole_file_explains_it():
    assert state(f"```diff\n@@ -5 +5 @@\n-    return 1\n+    return 10\n```\n\n```python\n{NEW}```") == text(NEW)


# Where a file ends ---------------------------------------------------------------------------------------------------

FENCED = 'A = """\n```\nx\n```\n"""\n'


@pytest.mark.parametrize(
    ("name", "answer", "before", "after"),
    [
        ("an output behind", f"```python\n{NEW}```\n\nIt prints\n\n```\n5\n```", FILE, NEW),
        ("a shorter fence within", f"````python\n{FENCED}````", FENCED + "x\n", FENCED),
        ("any fence that the file does not close", f"`````python\n{FENCED}`````", FENCED + "x\n", FENCED),
        ("in tildes", f"~~~python\n{FENCED}~~~", FENCED + "x\n", FENCED),
        ("indented", "- So:\n\n  ```python\n  a\n    b\n  ```", "a\n", "a\n  b\n"),
        ("a tag behind", f"```python\n{NEW}```</answer>", FILE, NEW),
        ("deeper fences are text", '```python\nf"""\n    ```\n"""\n```', FILE, 'f"""\n    ```\n"""\n'),
        ("three signs, as the new file has none", f"```python\n{NEW}```", FENCED + FILE, NEW),
        ("labelled fences within", "```markdown\na\n```sh\nb\n```\n```", "a\n", "a\n```sh\nb\n```\n"),
    ],
)
def test_where_a_file_ends(name, answer, before, after):
    assert state(answer, before, ("python", "markdown")) == text(after), name


@pytest.mark.parametrize(
    ("answer", "before"),
    [
        (f"```python\n{FENCED}```", FENCED + "x\n"),
        (f"```\n{FENCED}```", FENCED + "x\n"),
        (f"````python\n{FENCED}```", FENCED + "x\n"),
        (f"````python\n{FENCED}", FENCED + "x\n"),
        ("```python\na\n```\nb\nc\n```\nd\n```", "a\nb\nc\nd\n"),  # cut, it would lose `b`
        ("```python\nimport os\n\n```sh\nmake\n```", FILE),
        (f"```python\nx\n\nNo:\n\n```python\n{NEW}```", FILE),
        (f"````\n```python\n{NEW}```\n````", FILE),
        (f"Here: ```python\n{NEW}```\n\nIt returns ten.", FILE),
        (f"1. ```sh\n   make\n   ```\n2. ```python\n{NEW}```\n", FILE),
        (f"```\n{NEW}", FILE),
        (f"```python\n{NEW.rstrip()}```", FILE),
        (f"```python\n{NEW.rstrip()}```\n\nThat is all.", FILE),
    ],
)
def test_where_a_file_ends_cannot_be_told(answer, before):
    with pytest.raises(Unappliable):
        state(answer, before)


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (f"````markdown\n{MARKDOWN}````", MARKDOWN),
        (f"```markdown\n{MARKDOWN}```", MARKDOWN),  # as many backticks as within
        (f"```markdown\n{MARKDOWN}```\n\nThen:\n\n```bash\ngit commit\n```", MARKDOWN),
        (f"````md\n{MARKDOWN}````\n```bash\nmake\n```", MARKDOWN),
        (f"See:\n```bash\ncat x\n```\n```markdown\n{MARKDOWN}```", MARKDOWN),
    ],
)
def test_markdown_holds_fences(answer, after):
    assert state(answer, MARKDOWN, ("markdown", "md"), nested=True) == text(after)


LINES = st.lists(st.sampled_from(["a", "b", "  b", "}", "", "é", "```", "x = 1", "<<<<<<< HEAD"]), max_size=12)


def minimal_blocks(before, after):
    """Blocks for each difference, with as many lines around it as make it the only such place."""
    blocks, floor = [], 0
    for tag, i1, i2, j1, j2 in Matcher(before, after).get_opcodes():
        if tag == "equal":
            continue
        first, last = i1, i2
        while not any(before[first:last]) or occurrences(before, before[first:last]) > 1 or first == last:
            if first > floor:
                first -= 1
            elif last < len(before):
                last += 1
            else:
                return None
        floor = last
        blocks.append((first, i1, j1, j2, i2, last))
    if any(one[5] > other[0] for one, other in itertools.pairwise(blocks)):
        return None
    return [
        block(before[first:last], (*before[first:i1], *after[j1:j2], *before[i2:last]))
        for first, i1, j1, j2, i2, last in blocks
    ]


def occurrences(lines, part):
    return sum(lines[at : at + len(part)] == part for at in range(len(lines) - len(part) + 1))


FEW = st.lists(st.sampled_from("ab"), max_size=30).map(tuple)


@given(st.lists(FEW.filter(bool), max_size=8), FEW, st.data())
def test_places_are_those_that_a_search_at_every_line_finds(runs, lines, data):
    for _ in range(3 if lines else 0):
        start = data.draw(st.integers(0, len(lines) - 1))
        runs.append(lines[start : data.draw(st.integers(start + 1, len(lines)))])
    found = [[at for at in range(len(lines)) if lines[at : at + len(run)] == run] for run in runs]
    assert places(runs, lines) == [(len(at), at[0] if at else -1) for at in found]


@settings(deadline=None)
@given(LINES, LINES, st.randoms(use_true_random=False))
def test_edits_of_a_difference_make_the_other_file(one, other, rng):
    before, after = read_lines("\n".join(one)), read_lines("\n".join(other))
    if not any(before):
        return
    blocks = minimal_blocks(before, after)
    if blocks is None:
        blocks = [block(before, after)]
    rng.shuffle(blocks)
    made = new_state("\n".join(blocks), before, (), after=after)
    assert made == (after if blocks else None)


@settings(deadline=None)
@given(st.text(max_size=300), LINES)
def test_any_answer_is_a_file_nothing_or_refused(answer, lines):
    before = read_lines("\n".join(lines))
    try:
        made = new_state(answer, before, ("python",))
    except Unappliable as error:
        why, made = str(error), None
    else:
        why = ""
    assert "\n" not in why
    assert made is None or made == read_lines("\n".join(made))


# Any file, any answer -------------------------------------------------------------------------------------------------

SIGNS = st.lists(
    st.sampled_from([
        "a", "b", "  b", "", "```", "```python", "  ```", "    ```", "````", "`````sh", "~~~", "~~~~ x", "=======",
        "=====", "========", "<<<<<<< SEARCH", ">>>>>>> REPLACE", "<<<<<<< HEAD", ">>>>>>> main", "<<<<<<<<< SEARCH",
        "------- SEARCH", "@@ -1 +1 @@", "-a", "+b", "--- a", "+++ b", "*** Begin Patch",
        "# ... existing code ...", "`x` ```", "a\t\x0c",
    ]),
    max_size=14,
)  # fmt: skip


def outcome(answer, before, after):
    try:
        return new_state(answer, before, ("python", "py"), after=after, label="Python")
    except Unappliable:
        return None


# Files whose own fences are not closed, in a fence that they hold themselves: each was cut once
@settings(deadline=None, max_examples=400)
@given(SIGNS, SIGNS, st.sampled_from(["```", "````", "``````", "~~~", "~~~~~"]), st.sampled_from(["python", "py", ""]))
@example([], ["a", "```", "```python", "b"], "```", "python")
@example([], ["```sh", "~~~", "````", "```sh"], "````", "")
@example([], ["```sh", "````", "```", "```sh", "    ```"], "```", "py")
@example([], ["```python", "  ```", "    ```", "  ```", "```python"], "```", "")
def test_any_file_is_read_in_its_form_and_in_others_whole_or_not_at_all(one, other, fence, label):
    before, after = read_lines("\n".join(one)), read_lines("\n".join(other))
    if before == after:
        return
    form = change_form("Python", write_lines(before), write_lines(after))
    assert (
        outcome(f"So:\n\n{form.fence}{form.label}\n{write_lines(after)}{form.fence}\n\nDone.", before, after) == after
    )
    for words in ("", "\n\nThen run\n\n```sh\nmake\n```"):
        assert outcome(f"{fence}{label}\n{write_lines(after)}{fence}{words}", before, after) in (after, None)
    if any(before):
        edits = "\n".join(hunk_block(hunk, form.marker_width) for hunk in hunks(before, after))
        assert outcome(edits, before, after) == after


def test_an_answer_that_is_cut_off_is_not_read_as_a_shorter_file():
    """The file's own fences look like the end of the block and the beginning of another one."""
    after = read_lines("```python\n````\n```python\n    ```")
    with pytest.raises(Unappliable, match="more of the file follows"):
        new_state("````python\n```python\n````\n```python\n    ```\n```", (), ("python",), after=after, cut_off=True)


def test_a_line_of_the_file_that_looks_like_the_end_of_an_answer_stays():
    after = read_lines("a\n```</answer>\nb")
    form = change_form("Python", "", write_lines(after))
    assert form.fence == "````"
    assert new_state(f"````python\n{write_lines(after)}````</answer>", (), ("python",), after=after) == after


@settings(deadline=None, max_examples=400)
@given(SIGNS, SIGNS, SIGNS)
def test_any_answer_of_such_lines_is_a_file_or_refused(answer, one, other):
    before, after = read_lines("\n".join(one)), read_lines("\n".join(other))
    made = outcome("\n".join(answer), before, after)
    assert made is None or made == read_lines("\n".join(made))
    if made is not None:  # each line of it stands in the answer or in the file
        said = {line for text in (answer, one) for raw in text for line in (raw, raw.strip(), raw.removeprefix("  "))}
        assert set(made) <= {line.rstrip() for line in said}
