"""Layouts that rows for training are published in: each is read as it is, and its gold scores 1, or it is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthetic1 import Scorer
from synthetic1.rewards.registry import get_verifier
from synthetic1.task import Task, TaskError
from synthetic1.tasks import TaskList, open_tasks

Row = dict[str, Any]

REQUEST = "Put your final answer within \\boxed{}."
DEEPSCALER = {"problem": "Find $x$.", "answer": "\\frac{1}{2}", "solution": "So $\\boxed{\\frac{1}{2}}$."}
BIG_MATH = {
    "problem": "How many?",
    "answer": "25",
    "source": "orca_math",
    "domain": ["Mathematics -> Algebra -> Other"],
    "llama8b_solve_rate": 0.484375,
}
DEEPMATH = {
    "question": "Evaluate the limit.",
    "final_answer": "\\frac{2}{3}",
    "difficulty": 4.5,
    "topic": "Mathematics -> Precalculus -> Limits",
    "r1_solution_1": "Okay, so \\boxed{7}",
    "r1_solution_2": "…",
    "r1_solution_3": "…",
}
OPEN_MATH = {
    "expected_answer": "$n \\ge 3$",
    "problem_type": "has_answer_extracted",
    "problem_source": "aops_c4_high_school_math",
    "generation_model": "QwQ-32B",
    "pass_rate_72b_tir": "0.96875",
    "problem": "Determine all $n$.",
    "generated_solution": "<think>Hm</think> \\boxed{8}",
    "inference_mode": "cot",
    "used_in_kaggle": True,
}
AIME_2024 = {"ID": "2024-II-4", "Problem": "Find $m+n$.", "Solution": "… $\\boxed{033}$.", "Answer": 33}
AIME_2025 = {"problem": "Find the sum.", "answer": "70", "id": "0"}
MATH_ARENA = {"problem_idx": 1, "problem": "Find the sum.", "answer": 70, "problem_type": ["Number Theory"]}
OLYMPIAD = {"id": 1606, "question": "Find $N$.", "solution": ["…"], "final_answer": ["2"], "unit": None}
WEBINSTRUCT = {
    "id": "7",
    "question": "Solve $2x=3$.",
    "answer": "1.5",
    "answer_type": "Float",
    "category": "Mathematics",
    "difficulty": "Senior High School",
}
S1K = {
    "solution": "The answer is \\boxed{128}.",
    "question": "Given a rational number, …",
    "cot_type": "math",
    "source_type": "qq8933/AIME_1983_2024",
    "metadata": "{'ID': '1991-5', 'Year': 1991, 'Answer': '128'}",
    "cot": None,
    "thinking_trajectories": ["We have …"],
    "attempt": "128",
}
REASONING_GYM = {
    "question": "How many legs are there in total if you have 1 sea slug, 1 deer?",
    "answer": "4",
    "metadata": {"source_dataset": "leg_counting", "source_index": 0, "animals": {"sea slug": 1, "deer": 1}},
}
DAPO_PROMPT = (
    "Solve the following math problem step by step. The last line of your response should be of the form Answer: "
    "$Answer (without quotes) where $Answer is the answer to the problem.\n\nFind $x$.\n\nRemember to put your answer "
    'on its own line after "Answer:".'
)
DAPO = {
    "data_source": "math_dapo",
    "prompt": [{"content": DAPO_PROMPT, "role": "user"}],
    "ability": "MATH",
    "reward_model": {"ground_truth": "34", "style": "rule-lighteval/MATH_v2"},
    "extra_info": {"index": "9a9b6eb4-a1cb-49d1-8c1e-62eaf2f74079"},
}
DAPO_PROCESSED = {
    "prompt": "Find $x$.",
    "solution": "34",
    "data_source": "math_dapo",
    "source_prompt": DAPO["prompt"],
    "ability": "MATH",
    "reward_model": DAPO["reward_model"],
    "extra_info": DAPO["extra_info"],
}
SKYWORK = {
    "data_source": "train-math-numinamath1.5_olympiads",
    "prompt": [{"content": "Find $x$. Let's think step by step and output it within \\boxed{}.", "role": "user"}],
    "ability": "math",
    "reward_model": {"ground_truth": json.dumps(["\\frac{3}{4}"]), "style": "rule"},
    "extra_info": {"index": 5, "model_difficulty": {"DeepSeek-R1-Distill-Qwen-7B": 3}},
}
EURUS = {
    "data_source": "numina_olympiads",
    "prompt": [
        {"content": "\nWhen tackling complex reasoning tasks, …", "role": "system"},
        {"content": "Find $x$.\n\nPresent the answer in LaTex format: \\boxed{Your answer}", "role": "user"},
    ],
    "ability": "math",
    "reward_model": {"ground_truth": "\\frac{3}{4}", "style": "rule"},
    "extra_info": {"index": 0, "split": "dummy"},
}
VERL_GSM8K = {
    "data_source": "openai/gsm8k",
    "prompt": [{"content": 'How many? Let\'s think step by step and output it after "####".', "role": "user"}],
    "ability": "math",
    "reward_model": {"ground_truth": "72", "style": "rule"},
    "extra_info": {"answer": "48 + 24 = 72\n#### 72", "index": 0, "question": "How many?", "split": "train"},
}
RLVR = {
    "messages": [{"content": "Question: 1 + 1?\nAnswer: 2\n\nQuestion: How many?\nAnswer:", "role": "user"}],
    "ground_truth": "72",
    "dataset": "gsm8k",
}
OPEN_THOUGHTS = {
    "problem": "Find $x$.",
    "deepseek_reasoning": "Hm",
    "deepseek_solution": "\\boxed{5}",
    "ground_truth_solution": "Thus $x = \\boxed{4}$.",
    "domain": "math",
    "source": "numina_math",
    "test_cases": None,
    "starter_code": None,
}
TRACE = (
    "<|begin_of_thought|>\n\n\\boxed{1}?\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n{}\n\n<|end_of_solution|>"
)
STRATOS = {
    "system": "Your role as an assistant involves …",
    "conversations": [
        {"from": "user", "value": "Return your final response within \\boxed{}. Find $x$."},
        {"from": "assistant", "value": TRACE.replace("{}", "It is $\\boxed{4}$.")},
    ],
}
SYNTHETIC2 = {
    "problem_id": "sky_work_math_17",
    "prompt": "Solve the problem and put the answer in \\boxed{}: 1 + 1",
    "verification_info": json.dumps({"ground_truth": "2"}),
    "Qwen/Qwen3-32B_avg_reward": 1.0,
    "Qwen/Qwen3-4B_avg_reward": 0.5,
}

MATHEMATICS = [
    ("deepscaler", DEEPSCALER, "deepscaler", "\\frac{1}{2}", f"Find $x$.\n\n{REQUEST}"),
    ("acereason", {"problem": "Find $x$.", "answer": "12"}, "problem_answer", "12", f"Find $x$.\n\n{REQUEST}"),
    ("polaris", {"problem": "P", "answer": "12", "difficulty": "3/8"}, "polaris", "12", f"P\n\n{REQUEST}"),
    ("big_math", BIG_MATH, "big_math/orca_math", "25", f"How many?\n\n{REQUEST}"),
    ("limo", {"question": "Q", "solution": "…", "answer": "104"}, "limo", "104", f"Q\n\n{REQUEST}"),
    ("deepmath", DEEPMATH, "deepmath", "\\frac{2}{3}", f"Evaluate the limit.\n\n{REQUEST}"),
    ("openmathreasoning", OPEN_MATH, "openmathreasoning", "$n \\ge 3$", f"Determine all $n$.\n\n{REQUEST}"),
    ("aime_2024", AIME_2024, "aime", "33", f"Find $m+n$.\n\n{REQUEST}"),
    ("aime_2025", AIME_2025, "problem_answer", "70", f"Find the sum.\n\n{REQUEST}"),
    ("math_arena", MATH_ARENA, "problem_answer", "70", f"Find the sum.\n\n{REQUEST}"),
    ("open_rs", {**DEEPSCALER, "level": "Hard"}, "deepscaler", "\\frac{1}{2}", f"Find $x$.\n\n{REQUEST}"),
    ("webinstruct", WEBINSTRUCT, "webinstruct", "1.5", f"Solve $2x=3$.\n\n{REQUEST}"),
    ("s1k", S1K, "s1k", S1K["solution"], f"Given a rational number, …\n\n{REQUEST}"),
    ("s1k_short", {**S1K, "solution": "128"}, "s1k", "128", f"Given a rational number, …\n\n{REQUEST}"),
    (
        "reasoning_gym",
        REASONING_GYM,
        "reasoning_gym/leg_counting",
        "4",
        f"{REASONING_GYM['question']}\n\n{REQUEST}",
    ),
    (
        "reasoning_gym_text",
        {**REASONING_GYM, "metadata": repr(REASONING_GYM["metadata"])},
        "reasoning_gym/leg_counting",
        "4",
        f"{REASONING_GYM['question']}\n\n{REQUEST}",
    ),
    ("dapo", DAPO, "math_dapo", "34", DAPO_PROMPT),
    ("dapo_processed", DAPO_PROCESSED, "math_dapo", "34", f"Find $x$.\n\n{REQUEST}"),
    ("skywork", SKYWORK, SKYWORK["data_source"], "\\frac{3}{4}", SKYWORK["prompt"][0]["content"]),
    ("eurus", EURUS, "numina_olympiads", "\\frac{3}{4}", EURUS["prompt"][1]["content"]),
    ("eurus_repr", {**EURUS, "prompt": repr(EURUS["prompt"])}, "numina_olympiads", "\\frac{3}{4}", None),
    ("verl_json", {**EURUS, "reward_model": json.dumps(EURUS["reward_model"])}, None, "\\frac{3}{4}", None),
    ("verl_gsm8k", VERL_GSM8K, "openai/gsm8k", "72", VERL_GSM8K["prompt"][0]["content"]),
    ("rlvr_gsm", RLVR, "rlvr/gsm8k", "72", RLVR["messages"][0]["content"]),
    ("rlvr_lists", {**RLVR, "dataset": ["math"], "ground_truth": ["72"]}, "rlvr/math", "72", None),
    ("open_thoughts", OPEN_THOUGHTS, "open_thoughts/numina_math", "Thus $x = \\boxed{4}$.", f"Find $x$.\n\n{REQUEST}"),
    ("bespoke_stratos", STRATOS, "conversations", "It is $\\boxed{4}$.", STRATOS["conversations"][0]["value"]),
    ("synthetic2", SYNTHETIC2, "synthetic2", "2", SYNTHETIC2["prompt"]),
]


def gold_scores(task: Task, *, but_not: str) -> None:
    gold = get_verifier(task.task_type).gold_completion(task)
    assert gold is not None
    with Scorer() as scorer:
        assert [verdict.score for verdict in scorer.score_sync([(task, gold), (task, but_not)])] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("row", "source", "truth", "prompt"), [one[1:] for one in MATHEMATICS], ids=[one[0] for one in MATHEMATICS]
)
def test_mathematics(row: Row, source: str | None, truth: str, prompt: str | None) -> None:
    [task] = TaskList.from_rows([row])
    assert task.task_type == "verifiable_math"
    assert task.verification_info == {"ground_truth": truth}
    assert source is None or task.source == source
    assert prompt is None or task.prompt == prompt
    gold_scores(task, but_not="\\boxed{987654}")


def test_a_row_has_one_key_in_every_kind_of_file(tmp_path: Path) -> None:
    """What a table does to rows: nulls for what others have, integers made floats, structs."""
    rows = [EURUS, VERL_GSM8K, SKYWORK]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    one, other = open_tasks(str(tmp_path / "rows.parquet")), open_tasks(str(tmp_path / "rows.jsonl"))
    assert [task.key for task in one] == [task.key for task in other]
    assert one.get("numina_olympiads/dummy/0") == other[0]
    assert one.get("openai/gsm8k/train/0").gold_standard_solution == "48 + 24 = 72\n#### 72"


def test_ids_are_those_published() -> None:
    ids = [TaskList.from_rows([row])[0].problem_id for row in (AIME_2024, OLYMPIAD, SYNTHETIC2, WEBINSTRUCT)]
    assert ids == ["2024-II-4", "deepmath/1606", "sky_work_math_17", "webinstruct/7"]


# Science -------------------------------------------------------------------------------------------------------------

SCIENCE = [
    {**WEBINSTRUCT, "category": "Physics", "answer": "9.8 m/s^2"},
    {**WEBINSTRUCT, "answer_type": "Multiple Choice", "answer": "(b) Faraday"},
    {**S1K, "cot_type": "science", "solution": "Diffusion is faster."},
    {"question": "Why?", "reference_answer": "By induction.", "responses": []},
    {**OPEN_THOUGHTS, "domain": "chemistry", "ground_truth_solution": "Benzene"},
    {**EURUS, "ability": "physics", "reward_model": {"style": "rule", "ground_truth": "3 N"}},
]


@pytest.mark.parametrize("row", SCIENCE)
def test_science(row: Row) -> None:
    [task] = TaskList.from_rows([row])
    assert task.task_type == "stem"
    gold = get_verifier("stem").gold_completion(task)
    assert gold is not None
    with Scorer() as scorer:
        assert scorer.score_sync([(task, gold)])[0].score == 1.0


# Programs ------------------------------------------------------------------------------------------------------------

DOUBLE = "n = int(input())\nprint(2 * n)\n"
ADD = "def add(a, b):\n    return a + b\n"
STDIN = [{"input": "4\n", "output": "8\n"}, {"input": "5\n", "output": "10\n"}]
DEEPCODER = {
    "problem": "Print the double.",
    "solutions": [DOUBLE],
    "tests": json.dumps([{"type": "stdin_stdout", "fn_name": None, **test} for test in STDIN]),
}
DEEPCODER_TACO = {
    "problem": "Add.",
    "tests": json.dumps({"fn_name": "add", "inputs": [[1, 2], [3, 4]], "outputs": [[3], [7]]}),
    "solutions": [ADD],
}
DEEPCODER_LCB = {
    "problem": "Add.",
    "starter_code": "class Solution:\n    def add(self, a: int, b: int) -> int:\n        ",
    "tests": json.dumps([{"input": "1\n2", "output": "3", "testtype": "functional", "metadata": {"func_name": "add"}}]),
    "metadata": {"func_name": "add"},
}
CODEFORCES = {
    "id": "4/A",
    "contest_id": "4",
    "title": "Divisor",
    "description": "Print any divisor of $n$.",
    "input_format": "One number.",
    "output_format": "A divisor.",
    "interaction_format": None,
    "note": None,
    "examples": [{"input": "6", "output": "3"}],
    "official_tests": [{"input": "6", "output": "3"}, {"input": "9\r\n", "output": "9\r\n"}],
    "official_tests_complete": True,
    "time_limit": 1.0,
    "memory_limit": 64.0,
    "input_mode": "stdio",
    "generated_checker": (
        "import sys\n\ndef main():\n    n, _, said = (int(open(path).read()) for path in sys.argv[1:4])\n"
        "    print(1 if n % said == 0 else 0)\n\nif __name__ == '__main__':\n    main()\n"
    ),
    "rating": 800,
    "tags": ["math"],
}
KODCODE = {
    "style": "instruct",
    "subset": "Prefill",
    "question_id": "Prefill_1_I",
    "question": "Write a function that adds.",
    "solution": ADD,
    "test": (
        "from solution import add\nimport math\n\nEPS = 1e-9\n\ndef test_small():\n    assert add(1, 2) == 3\n\n"
        "def test_float():\n    assert math.isclose(add(0.1, 0.2), 0.3, abs_tol=EPS)\n"
    ),
    "test_info": [
        {"docstring": "", "function_declaration": "def add(a, b):", "function_name": "add", "parameter_list": "(a, b)"}
    ],
    "gpt_difficulty": "easy",
    "gpt_pass_percentage": 0.9,
}
EURUS_CODE = {
    **EURUS,
    "data_source": "taco",
    "ability": "code",
    "prompt": [{"role": "user", "content": "Print the double.\n\nPresent the code in \n```python\nYour code\n```"}],
    "reward_model": {
        "style": "rule",
        "ground_truth": json.dumps({"inputs": ["4\n", "5\n"], "outputs": ["8\n", "10\n"]}),
    },
}
SKYWORK_CODE = {
    **EURUS_CODE,
    "data_source": "train-code-leetcode-Easy",
    "reward_model": {
        "style": "rule",
        "ground_truth": json.dumps(
            {
                "import_prefix": "from typing import *\n",
                "test_code": "def check(candidate):\n    assert candidate(a = 1, b = 2) == 3\n",
                "entry_point": "Solution().add",
            }
        ),
    },
}
SKYWORK_ASSERTS = {
    **EURUS_CODE,
    "data_source": "train-code-taco-easy",
    "reward_model": {"style": "rule", "ground_truth": json.dumps({"assert_case": ["assert add(1, 2) == 3"]})},
}
CODE_R1 = {
    **EURUS_CODE,
    "reward_model": {
        "style": "rule",
        "ground_truth": json.dumps(
            {"functional": "def check(candidate):\n    assert candidate(1, 2) == 3\n\n\ncheck(Solution().add)"}
        ),
    },
    "extra_info": {"reference": "class Solution:\n    def add(self, a, b):\n        return a + b\n", "index": 1},
}
OPEN_THOUGHTS_CODE = {
    **OPEN_THOUGHTS,
    "domain": "code",
    "ground_truth_solution": None,
    "test_cases": json.dumps({"inputs": ["4\n"], "outputs": ["8\n"]}),
}
SYNTHETIC2_CODE = {
    **SYNTHETIC2,
    "problem_id": "prime_rl_code_3",
    "verification_info": json.dumps({"style": "rule", "test_cases": json.dumps({"inputs": ["4"], "outputs": ["8"]})}),
}
RLVR_CODE = {**RLVR, "dataset": ["code"], "ground_truth": ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]}
METHOD = "class Solution:\n    def add(self, a, b):\n        return a + b\n"

CODE = [
    ("deepcoder", DEEPCODER, DOUBLE, "Write a Python program that reads the input from standard input"),
    ("deepcoder_taco", DEEPCODER_TACO, ADD, "Write the Python function `add`"),
    ("deepcoder_lcb", DEEPCODER_LCB, METHOD, "Write the Python class `Solution` with the method `add`"),
    ("codeforces", CODEFORCES, "print(1)", "## Examples\n\nInput:\n\n```\n6\n```\n\nOutput:\n\n```\n3\n```"),
    ("kodcode", KODCODE, ADD, "Start from this code:\n\n```python\ndef add(a, b):\n```"),
    ("eurus", EURUS_CODE, DOUBLE, "Present the code in \n```python\nYour code\n```"),
    ("skywork", SKYWORK_CODE, METHOD, "Present the code"),
    ("code_r1", CODE_R1, METHOD, "Present the code"),
    ("open_thoughts", OPEN_THOUGHTS_CODE, DOUBLE, "Put the whole program in one ```python block."),
    ("synthetic2", SYNTHETIC2_CODE, DOUBLE, "Solve the problem"),
    ("rlvr", RLVR_CODE, ADD, "Question: How many?"),
    ("rlvr_one", {**RLVR_CODE, "ground_truth": ["assert add(1, 2) == 3"]}, ADD, "Question: How many?"),
    ("rlvr_text", {**RLVR_CODE, "ground_truth": [json.dumps(RLVR_CODE["ground_truth"])]}, ADD, "Question: How many?"),
    ("skywork_asserts", SKYWORK_ASSERTS, ADD, "Present the code"),
]


def test_programs(sandbox_kind: str) -> None:
    """What is right passes, and what prints nothing does not."""
    tasks = [TaskList.from_rows([row])[0] for _, row, _, _ in CODE]
    verifier = get_verifier("verifiable_code")
    pairs = []
    for task, (name, _, program, asked) in zip(tasks, CODE, strict=True):
        assert task.task_type == "verifiable_code"
        assert asked in task.prompt, name
        published = verifier.gold_completion(task)
        pairs.append((task, published or f"```python\n{program}\n```"))
    wrong = [(task, "```python\ndef add(*args):\n    return 0\nprint(4 * 7)\n```") for task in tasks]
    with Scorer() as scorer:
        verdicts = scorer.score_sync([*pairs, *wrong])
    scores = [verdict.score for verdict in verdicts]
    assert dict(zip([one[0] for one in CODE], scores[: len(CODE)], strict=True)) == {one[0]: 1.0 for one in CODE}
    assert scores[len(CODE) :] == [0.0] * len(CODE)


def test_a_published_solution_is_the_gold() -> None:
    for row, gold in ((DEEPCODER, DOUBLE), (KODCODE, ADD), (CODE_R1, METHOD)):
        assert TaskList.from_rows([row])[0].gold_standard_solution == gold


def test_output_prediction() -> None:
    [task] = TaskList.from_rows(
        [{**SYNTHETIC2, "problem_id": None, "verification_info": json.dumps({"code_output": "a b"})}]
    )
    assert (task.task_type, task.verification_info) == ("code_output_prediction", {"ground_truth": "a b"})
    gold_scores(task, but_not='{"output": "b"}')


# What cannot be verified ---------------------------------------------------------------------------------------------

REFUSED = [
    ({**DEEPSCALER, "answer": None}, "field `answer` must be the answer, a string or a number, got nothing"),
    ({**DEEPSCALER, "answer": "proof"}, "field `answer` is 'proof': the row has no answer that could be compared"),
    ({**OLYMPIAD, "final_answer": ["2", "3"]}, "field `final_answer` lists 2 answers; one can be compared"),
    ({**OPEN_MATH, "expected_answer": ""}, "field `expected_answer` is '': the row has no answer"),
    ({**S1K, "solution": "We prove it by induction on the size of it."}, "field `solution` is a text without"),
    ({**S1K, "cot_type": "crossword"}, "field `cot_type` is 'crossword'; only `math` and `science`"),
    (
        {**REASONING_GYM, "metadata": {"source_dataset": "countdown"}},
        "field `metadata` says `countdown`, whose answers only reasoning-gym's own scorer can judge",
    ),
    (
        {**REASONING_GYM, "answer": "infeasible", "metadata": {"source_dataset": "maze"}},
        "field `answer` is 'infeasible', which is not a number",
    ),
    ({**REASONING_GYM, "metadata": None}, "must name the `source_dataset` of reasoning-gym, got nothing; for other"),
    (
        {**EURUS, "ability": "logic", "data_source": "zebra"},
        "field `ability` is 'logic' and `data_source` 'zebra': read are mathematics, code and science",
    ),
    ({**EURUS, "images": [{"bytes": "…"}]}, "field `images` holds what a prompt of text cannot show"),
    ({**EURUS, "reward_model": {"style": "model"}}, "field `reward_model` must hold a `ground_truth`"),
    (
        {**EURUS, "prompt": [*EURUS["prompt"], {"role": "assistant", "content": "x"}]},
        "field `prompt` holds 1 user messages and 1 answers; a task is one user message",
    ),
    ({**EURUS, "prompt": "[{'role': "}, "field `prompt` is neither JSON nor a Python literal"),
    (
        {**EURUS_CODE, "reward_model": {"ground_truth": '{"inputs": [], "outputs": []}'}},
        "field `reward_model.ground_truth` holds no tests: nothing could verify a program",
    ),
    (
        {**EURUS_CODE, "reward_model": {"ground_truth": '{"pytest": "…"}'}},
        "holds tests of an unknown shape, with the fields pytest",
    ),
    ({**EURUS_CODE, "reward_model": {"ground_truth": "nothing"}}, "holds tests that are neither JSON nor a Python"),
    ({**DEEPCODER, "tests": "[]"}, "field `tests` holds no tests: nothing could verify a program"),
    ({**DEEPCODER, "tests": '[{"input": 4, "output": "8"}]'}, "must hold tests with the strings `input` and `output`"),
    (
        {**DEEPCODER, "tests": '[{"type": "function_call", "input": [1], "output": 1}]'},
        "holds tests that call functions, and must name one function",
    ),
    ({**CODEFORCES, "interaction_format": "Ask."}, "says that the problem is interactive, which cannot be tested"),
    ({**CODEFORCES, "input_mode": "file"}, "field `input_mode` is 'file': a program that reads and writes named"),
    ({**CODEFORCES, "official_tests": []}, "field `official_tests` is empty: the examples alone"),
    ({**KODCODE, "test": "import pytest\nfrom solution import add"}, "field `test` imports pytest: only test"),
    ({**KODCODE, "test": "from solution import a, b"}, "must import one function from `solution`, it imports 2 names"),
    (
        {**KODCODE, "test": "from solution import add\n\ndef test_a(x):\n    assert add(x, 1)"},
        "has a test `test_a` with parameters or decorators, which needs pytest",
    ),
    (
        {**RLVR, "dataset": "ifeval", "ground_truth": '{"func_name": "validate_lowercase"}'},
        "field `dataset` is 'ifeval', which cannot be verified here",
    ),
    ({**OPEN_THOUGHTS, "domain": "puzzle"}, "field `domain` is 'puzzle', which cannot be verified"),
    ({**OPEN_THOUGHTS, "ground_truth_solution": None}, "field `ground_truth_solution` is empty"),
    (
        {**STRATOS, "conversations": [STRATOS["conversations"][0], {"from": "assistant", "value": "def f(): …"}]},
        "ends with an answer that has no",
    ),
    (
        {**SYNTHETIC2, "problem_id": "ifeval_12", "verification_info": '{"ground_truth": "{}"}'},
        "field `verification_info` of `ifeval` holds ground_truth: this family of SYNTHETIC-2 cannot be verified here",
    ),
    (
        {**SYNTHETIC2, "problem_id": "pydantic_adherance_3", "verification_info": '{"pydantic_config": "…"}'},
        "of `pydantic_adherance` holds pydantic_config: this family",
    ),
    (
        {
            **SYNTHETIC2,
            "problem_id": None,
            "verification_info": '{"reasoning_gym_dataset": "zebra_puzzles", "ground_truth": "Ann"}',
        },
        "field `verification_info` says `zebra_puzzles`, whose answers only reasoning-gym's own scorer",
    ),
    (
        {
            "instance_id": "django__django-1",
            "repo": "django/django",
            "base_commit": "a",
            "patch": "diff",
            "test_patch": "",
        },
        "field `patch` changes a repository (django/django), as in SWE-bench",
    ),
    (
        {"task_id": "BigCodeBench/0", "complete_prompt": "…", "instruct_prompt": "…", "test": "…", "libs": "['numpy']"},
        "is a unittest.TestCase of BigCodeBench, which is not supported",
    ),
]


@pytest.mark.parametrize(("row", "message"), REFUSED)
def test_what_cannot_be_verified_is_refused_in_a_line(row: Row, message: str) -> None:
    with pytest.raises(TaskError) as error:
        TaskList.from_rows([row])
    said = str(error.value)
    assert said.startswith("rows in memory, row 1: field `")
    assert message in said
    assert "\n" not in said


# Which reader --------------------------------------------------------------------------------------------------------


def test_rows_of_ours_stay_ours_whatever_other_columns_they_have() -> None:
    ours = {
        "problem_id": "p",
        "task_type": "verifiable_math",
        "prompt": "?",
        "verification_info": {"ground_truth": "1"},
    }
    row = {**DEEPSCALER, **STRATOS, **RLVR, **EURUS, "instance_id": "i", "patch": "", "x_avg_reward": 1.0, **ours}
    assert TaskList.from_rows([row])[0].verification_info == {"ground_truth": "1"}


SAMPLES = [one[1] for one in MATHEMATICS] + [one[1] for one in CODE] + SCIENCE + [row for row, _ in REFUSED]
ODD: list[Any] = [None, "", "x", "[", "{}", "[]", "['a']", 3, 2.5, float("nan"), True, [], [None], ["a", "b"], {}]
ODD += [{"role": "user"}, [{"role": "user", "content": None}], {"ground_truth": {}}, {"ground_truth": [1, "a"]}]
ODD += [{"inputs": 1, "outputs": 2}, [{"input": None, "output": 1}], '{"inputs": [[1]], "outputs": [1]}', "[" * 5000]
ODD += [
    "def test_a():\n",
    "from solution import *\n\ndef test(): pass",
    {"source_dataset": 3},
    {"test_cases": "{"},
    "\n",
]


def refusal(row: Row) -> str | None:
    try:
        _ = TaskList.from_rows([row])[0].key
    except TaskError as error:
        return str(error)
    return None


def test_whatever_a_field_holds_the_row_is_a_task_or_refused_in_a_line() -> None:
    for row in SAMPLES:
        for name in row:
            for odd in ODD:
                said = refusal({**row, name: odd})
                if said is not None:
                    assert said.startswith(("rows in memory, row 1: ", "task `")), (row, name, odd)
                    assert "\n" not in said, (row, name, odd)
