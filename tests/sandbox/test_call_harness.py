"""The call harnesses on real compilers and interpreters: which signatures work, and that no program fools them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from synthetic1.sandbox import Call, Program, open_sandbox
from synthetic1.sandbox.languages.language import Language, ProgramPlan, SignatureError
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.sandbox.local import toolchains

HANG_S = 300


@dataclass(frozen=True)
class Ended:
    """How a served program ended."""

    exit_code: int
    answers: list[str]
    said: str


def run_plan(
    language: Language, plan: ProgramPlan, folder: Path, requests: bytes, environ: Mapping[str, str] | None = None
) -> Ended:
    """Do what an agent does, without a sandbox: build, start with a channel at fd 3, read until it ends."""
    box = folder / "box"
    for place in (box / "build", box / "work"):
        place.mkdir(parents=True)
    for name, content in plan.files.items():
        for path in (box / name, box / "build" / name):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    env = {**os.environ, **plan.env, **(environ or {})}

    def command(argv: Sequence[str]) -> list[str]:
        return [language.tools[word[1:-1]][0] if word.startswith("{") else word for word in argv]

    if plan.build is not None:
        built = subprocess.run(command(plan.build), cwd=box / "build", env=env, capture_output=True, timeout=HANG_S)
        if built.returncode != 0:
            return Ended(-1, [], built.stderr.decode(errors="replace"))
        for output in plan.outputs:
            (box / "build" / output).rename(box / output)
    ours, theirs = socket.socketpair()
    with (
        ours,
        subprocess.Popen(
            ["bash", "-c", f'ulimit -s 65536; exec "$@" 3<&{theirs.fileno()}', "bash", *command(plan.argv)],
            cwd=box / "work",
            env=env,
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        theirs.close()
        ours.settimeout(HANG_S)
        with contextlib.suppress(BrokenPipeError):  # it may have ended by now
            ours.sendall(requests)
            ours.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while chunk := ours.recv(1 << 16):
                received += chunk
        except ConnectionResetError:
            pass  # it ended without reading everything
        said = process.communicate(timeout=HANG_S)[1].decode(errors="replace")
    return Ended(process.returncode, received.decode("ascii").splitlines(), said)


Served = Callable[..., Ended]


@pytest.fixture(scope="session")
def precompiled() -> str:
    """The folder of this machine's precompiled header: the compilations below take a third of the time."""
    (folder,) = toolchains.precompiled(os.environ["PATH"]).values()
    return folder


@pytest.fixture
def served(tmp_path: Path, require: Callable[[str, object, str], None], request: pytest.FixtureRequest) -> Served:
    """``served(language, source, function, *calls)``: one process that gets all the calls."""

    def serve(name: str, source: str, function: str, *calls: Sequence[Any]) -> Ended:
        language = get_language(name)
        tool = next(iter(language.tools.values()))[0]
        require(tool, shutil.which(tool), f"install {tool}")
        requests = "".join(f"n{i} {json.dumps(list(args))}\n" for i, args in enumerate(calls)).encode("ascii")
        environ = {"CPATH": request.getfixturevalue("precompiled")} if name == "cpp" else {}
        return run_plan(language, language.plan_call(source, function), tmp_path, requests, environ)

    return serve


def values(ended: Ended) -> list[Any]:
    """What was returned, or what stands for it, after looking at the frames."""
    assert ended.exit_code == 0, ended.said
    found = []
    for i, line in enumerate(ended.answers):
        head = f'n{i} {{"value": '
        assert line.startswith(head), line
        answer = json.loads(line.partition(" ")[2])
        assert answer.keys() <= {"value", "instead"}
        found.append(answer.get("instead", answer["value"]))
    return found


PYTHON = [
    ("def f(a, b): return a + b", [[1, 2], ["x", "y"], [[1], [2]]], [3, "xy", [1, 2]]),
    ("f = lambda *a: a", [[], [1, None, True]], [[], [1, None, True]]),
    ("class Solution:\n  def f(self, a): return a * 2", [[4]], [8]),
    ("class Solution:\n  @staticmethod\n  def f(a): return a * 2\ndef f(a): return 0", [[4]], [8]),
    ("class Solution:\n  def f(self, a: List[int]) -> Optional[int]: return max(a, default=None)", [[[]]], [None]),
    ("from __future__ import annotations\ndef f(a: Wrong): return gcd(a, 12)", [[8]], [4]),
    ("def f(a): return defaultdict(int, {a: heapq.nsmallest(1, [3, 2])})", [["k"]], [{"k": [2]}]),
    ("def f(a): return {1: 2, None: (3, 4)}", [[0]], [{"1": 2, "null": [3, 4]}]),
    ("def f(a): return set(a)", [[[10, 9, 100]], [["b", "a"]], [[2, "b"]]], [[9, 10, 100], ["a", "b"], ["b", 2]]),
    ("def f(a): return a", [[{"1": 2}], [{"a": 1, "2": 3}]], [{"1": 2}, {"a": 1, "2": 3}]),
    ("def f(a): return [type(k).__name__ for k in a]", [[{"1": 2}], [{"x": 0}]], [["int"], ["str"]]),
    ("def f(a): return 0.1 + 0.2, 1e300, 10**30, -0.5", [[0]], [[0.1 + 0.2, 1e300, 10**30, -0.5]]),
    ("def f(a): return a + 'é\U0001f600\\x00\"\\\\'", [["ß"]], ["ßé\U0001f600\x00\"\\"]),
    ("def f(n): return n if n == 0 else f(n - 1)", [[20000]], [0]),
    ("print('noise')\ndef f(a):\n  print('more')\n  return a", [[1], [2]], [1, 2]),
    ("if __name__ == '__main__':\n  raise SystemExit(3)\ndef f(): return __name__", [[]], ["candidate"]),
    ("from dataclasses import dataclass\n@dataclass\nclass P:\n  x: int\ndef f(a): return P(a).x", [[5]], [5]),
    ("# -*- coding: latin-1 -*-\ndef f(): return 'é'", [[]], ["é"]),
    ("from enum import IntEnum\nE = IntEnum('E', 'A B')\ndef f(): return E.B, E.A == 1", [[]], [[2, True]]),
    ("import json, builtins\njson.dumps = json.loads = None\nbuiltins.print = builtins.type = builtins.len = None\n"
     "builtins.isinstance = builtins.issubclass = lambda *_: True\ndef f(a): return [a, {'k': (a,)}]",
     [["s"]], [["s", {"k": ["s"]}]]),
    ("class S(str):\n  def __repr__(self): return 'gold'\n  __str__ = __repr__\n  def __eq__(self, o): return True\n"
     "  __hash__ = str.__hash__\n  def __iter__(self): return iter('gold')\ndef f(): return S('mine')", [[]], ["mine"]),
    ("class I(int):\n  def __repr__(self): return '42'\n  __str__ = __int__ = __index__ = __repr__\n"
     "def f(): return [I(7), 1]", [[]], [[7, 1]]),
    ("class L(list):\n  def __iter__(self): return iter([42])\n  def __getitem__(self, i): return 42\n"
     "  def __len__(self): return 1\ndef f(): return L([7, 8])", [[]], [[7, 8]]),
    ("class Z(set):\n  def __iter__(self): return iter([42])\n  def copy(self): return [42]\n"
     "def f(): return Z([10, 9.5])", [[]], [[9.5, 10]]),
    ("class D(dict):\n  def items(self): return [('gold', 1)]\n  __iter__ = keys = items\n"
     "def f(): return D(mine=2)", [[]], [{"mine": 2}]),
    # Callables however they are bound
    ("f = partial(pow, 2)", [[5]], [32]),
    ("class Solution:\n  def __init__(self): self.f = lambda a: a + 1", [[5]], [6]),
    ("class Solution:\n  @cache\n  def f(self, a): return a + 1", [[5]], [6]),
    ("class Base:\n  def f(self, a): return a + 1\nclass Solution(Base): pass", [[5]], [6]),
    ("class Double:\n  def __call__(self, a): return 2 * a\nf = Double()", [[5]], [10]),
    ("class Solution:\n  def g(self, a): return 0\ndef f(a): return 2 * a", [[5]], [10]),
    # What LeetCode supplies
    ("def f(a): return [gcd(*a), inf > 1, randint(7, 7), bisect.bisect(a, 4), maxsize > 1]",
     [[[4, 6]]], [[2, True, 7, 1, True]]),
    ("def f(a): return [itemgetter(1)(a), mean(a), deepcopy(a), reduce(xor, a), findall('a', 'aba'), digits[0]]",
     [[[1, 3]]], [[3, 2, [1, 3], 2, ["a", "a"], "0"]]),
    ("def f(a): return pow(2, 3, 5)", [[1]], [3]),
    # In place: the first argument stands for nothing
    ("class Solution:\n  def f(self, s: List[str]) -> None:\n    s.reverse()", [[["h", "i"]]], [["i", "h"]]),
    ("def f(a): a['b'] = a.pop('a')", [[{"a": 1}]], [{"b": 1}]),
    ("def f(a) -> 'None': a.sort()", [[[2, 1]]], [[1, 2]]),
    ("def f(a) -> List[int]: a.sort()", [[[2, 1]]], [None]),
    ("def f(a) -> Optional[int]: a.sort()", [[[2, 1]]], [None]),
    ("def f(a, b): b.sort()", [[1, [2, 1]], ["x", []], [None, []], [1.5, []]], [None] * 4),
    ("def f(a): a.append(object())", [[[2, 1]]], [None]),
    # Nodes
    ("class Solution:\n  def f(self, head: Optional[ListNode]) -> Optional[ListNode]:\n    p = None\n"
     "    while head: head.next, p, head = p, head, head.next\n    return p", [[[1, 2, 3]], [[]]], [[3, 2, 1], []]),
    ("class Solution(object):\n  def f(self, head):\n    p = None\n"
     "    while head: head.next, p, head = p, head, head.next\n    return p", [[[1, 2, 3]], [[]]], [[3, 2, 1], []]),
    ("from __future__ import annotations\nclass Solution:\n  def f(self, a: TreeNode, b: ListNode | None):\n"
     "    return [a.left.val, b.next.val, a.right.left]", [[[1, 2, 3], [4, 5]]], [[2, 5, None]]),
    ("class Solution:\n  def f(self, root):\n    if not root: return None\n    root.left, root.right ="
     " self.f(root.right), self.f(root.left)\n    return root",
     [[[1, 2, 3, None, 4]], [[]]], [[1, 3, 2, None, None, 4], []]),
    ("class Solution:\n  def f(self, lists: List[Optional[ListNode]]) -> ListNode: return lists[1]",
     [[[[], [7, 8]]], [[[7], []]]], [[7, 8], []]),
    ('class Solution(object):\n  def f(self, x):\n    """\n    :type x: ListNode\n    :rtype: None In place\n    """\n'
     "    if x: x.next = None", [[[1, 2, 3]], [[]]], [[1], []]),
    ("class ListNode:\n  def __init__(self, x):\n    self.val, self.next = x, None\n"
     "def f(l1: ListNode, n: int) -> ListNode:\n  while l1 and l1.val == n: l1 = l1.next\n  return l1",
     [[[1, 1, 2], 1], [[1], 1]], [[2], []]),
    ("class TreeNode:\n  def __init__(self, v, left, right): self.val, self.left, self.right = v, left, right\n"
     "def f(a: 'TreeNode'): return TreeNode(0, a, None)", [[[1, None, 2]]], [[0, 1, None, None, 2]]),
    ("def f(list1, root): return [next(iter(list1)), root[0]]", [[[1], [2]]], [[1, 2]]),
    ("def f(head: List[int]):\n  class N: pass\n  N.next = 1\n  return head[0]", [[[1]]], [1]),
]  # fmt: skip

JAVASCRIPT = [
    ("function f(a, b) { return a + b }", [[1, 2], ["x", "y"]], [3, "xy"]),
    ("const f = (a) => a.map((x) => x * 2);", [[[1, 2]]], [[2, 4]]),
    ("var f = function(a) { return [a, undefined, null, , 1] };", [[0]], [[0, None, None, None, 1]]),
    ("class Solution { f(a) { return this.g(a) } g(a) { return a + 1 } }", [[1]], [2]),
    ("class Solution { static f(a) { return a + 1 } }", [[1]], [2]),
    ("let f = async (a) => { await new Promise((r) => setTimeout(r, 1)); return a };", [[1], [2]], [1, 2]),
    ("module.exports = { f: (a) => -a };", [[1]], [-1]),
    ("module.exports = function f(a) { return -a }", [[1]], [-1]),
    ("'use strict'; exports.f = (a) => -a; // the end", [[1]], [-1]),
    ("export function f(a) { return a }", [[1]], [1]),
    ("#!/usr/bin/env node\nconst assert = require('assert'); function f(a) { assert(a); return 1 }", [[1]], [1]),
    ("function f() { return [2n ** 70n, -0, 1.5, 0.1 + 0.2, 1e21] }", [[]], [[2**70, 0, 1.5, 0.1 + 0.2, 1e21]]),
    ("function f() { return { b: new Map([[1, 2]]), a: new Set([10, 9]), c: new Set(['y', 'x']) } }", [[]],
     [{"b": {"1": 2}, "a": [9, 10], "c": ["x", "y"]}]),
    ("function f(s) { return s + '\\u00e9\\ud83d\\ude00\\u007f\"\\\\\\n' }", [["ß"]], ["ßé\U0001f600\x7f\"\\\n"]),
    ("function f() { return new Uint8Array([1, 2]) }", [[]], [[1, 2]]),
    ("setInterval(() => 0, 1000); function f() { console.log('noise'); return 1 }", [[]], [1]),
    ("Object.prototype.toJSON = Array.prototype.toJSON = String.prototype.toJSON = () => 'gold';\n"
     "JSON.stringify = JSON.parse = () => 'gold'; Array.prototype.join = () => 'gold'; Map.prototype.forEach = null;\n"
     "String.prototype.charCodeAt = String.prototype.slice = String.prototype.indexOf = () => 0;\n"
     "Array.prototype[Symbol.iterator] = null; Object.keys = () => ['gold']; Array.isArray = () => true;\n"
     "Object.defineProperty(Object.prototype, '0', { get: () => 'gold', set() {}, configurable: true });\n"
     "Function.prototype.call = Function.prototype.apply = () => 'gold';\n"
     "function f(a) { return { a, b: [1, 'é'] } }", [["mine"]], [{"a": "mine", "b": [1, "é"]}]),
    # Callables however they are bound
    ("class Solution { f = (a) => a + 1 }", [[1]], [2]),
    ("const Solution = { f(a) { return a + 1 } }", [[1]], [2]),
    ("module.exports = class { f(a) { return a + 1 } }", [[1]], [2]),
    ("exports.Solution = class { f(a) { return a + 1 } }", [[1]], [2]),
    ("class Solution {} Solution.prototype.f = function (a) { return a + 1 }", [[1]], [2]),
    ("class Solution { g(a) { return 0 } } function f(a) { return 2 * a }", [[5]], [10]),
    # In place: the first argument stands for nothing
    ("var f = function (s) { s.reverse() }", [[["h", "i"]]], [["i", "h"]]),
    ("/**\n * @param {character[]} s\n * @return {void} In place.\n */\nvar f = (s) => { s.reverse() }",
     [[["h", "i"]]], [["i", "h"]]),
    ("/**\n * @param {character[]} s\n * @return {character[]}\n */\nvar f = function (s) { s.reverse() }",
     [[["h", "i"]]], [None]),
    ("const f = async (a) => { a.b = 1 }", [[{"a": 1}]], [{"a": 1, "b": 1}]),
    ("function f(a, b) { b.sort() }", [[1, [2, 1]], ["x", []], [None, []]], [None] * 3),
    ("function f(a) { a.sort(); return null }", [[[2, 1]]], [None]),
    ("function f(a) { a.push(Symbol()) }", [[[2, 1]]], [None]),
    # Nodes
    ("/**\n * Definition\n */\n/**\n * @param {ListNode} a\n * @return {ListNode}\n */\nvar f = function (a) {"
     " let p = null; while (a) { const n = a.next; a.next = p; p = a; a = n } return p };",
     [[[1, 2, 3]], [[]]], [[3, 2, 1], []]),
    ("var f = (l1) => { let p = null; while (l1) { [l1.next, p, l1] = [p, l1, l1.next] } return p }",
     [[[1, 2, 3]], [[]]], [[3, 2, 1], []]),
    ("f = root => { if (!root) return null; [root.left, root.right] = [f(root.right), f(root.left)]; return root }\n"
     "var f",
     [[[1, 2, 3, None, 4]], [[]]], [[1, 3, 2, None, None, 4], []]),
    ("class Solution {\n/** @param {TreeNode} a\n * @param {?ListNode} b\n * @return {number[]} */\n"
     " f(a, b) { return [a.left.val, b.next.val] } }", [[[1, 2, 3], [4, 5]]], [[2, 5]]),
    ("/** @param {ListNode[]} lists\n * @return {ListNode} */\nfunction f(lists) { return lists[1] }",
     [[[[], [7, 8]]], [[[7], []]]], [[7, 8], []]),
    ("/** @param {ListNode} x\n * @return {void} */\nfunction f(x) { if (x) x.next = null }",
     [[[1, 2, 3]], [[]]], [[1], []]),
    ("class ListNode { constructor(v) { this.val = v; this.next = null } }\n"
     "/** @param {ListNode} a\n * @return {ListNode} */\nfunction f(a) { return { val: 0, next: a } }",
     [[[1]]], [[0, 1]]),
    ("function f(list1, root) { return [list1[0], root.length] }", [[[1], [2]]], [[1, 1]]),
]  # fmt: skip

CPP = [
    ("""#include <bits/stdc++.h>
     using namespace std;
     #define int long long
     #define endl '\\n'
     #define first f1
     int f(int a, vector<vector<int>>& b, const string& c, double d, bool e, char g, size_t h) {
       cout << "noise" << endl;
       return a + b[1][0] + c.size() + (d > 1.5) + e + (g == 'x') + h;
     }
     signed main() { return f(1, *new vector<vector<int>>, "", 0, 0, 0, 0); }""",
     [[2**40, [[], [5]], "é", 1.75, True, "x", 7]], [2**40 + 5 + 2 + 1 + 1 + 1 + 7]),
    ("""class Solution { int base = 1; public:
       std::vector<std::string> f(std::vector<std::string> words) const { words.push_back("\\xff\\"\\n\\xc3\\xa9");
       return words; } };""", [[["a\\", "\u00e9\U0001f600"]]], [["a\\", "\u00e9\U0001f600", '�"\n\u00e9']]),
    ("""using namespace std;
     auto f(pair<int, string> a, tuple<bool, double> b, map<string, vector<int>> c, unordered_map<int, bool> d,
            optional<int> e, set<char> g, array<int, 2> h, vector<bool> i) {
       return make_tuple(a, b, c, d, e, g, h, i, unordered_set<string>{"b", "a"}, 1.0, 0.1 + 0.2, 1e300, 1.0 / 3);
     } int main() {}""",
     [[[1, "x"], [True, 2], {"k": [1, 2]}, {"-3": True}, None, ["b", "a"], [8, 9], [True, False]]],
     [[[1, "x"], [True, 2], {"k": [1, 2]}, {"-3": True}, None, ["a", "b"], [8, 9], [True, False], ["a", "b"],
       1.0, 0.1 + 0.2, 1e300, 1 / 3]]),
    ("""class Solution { public: ListNode* f(ListNode* a, TreeNode* b) {
       ListNode* head = nullptr; for (; a; a = a->next) head = new ListNode(a->val, head);
       for (TreeNode* n = b; n; n = n->right) head = new ListNode(n->val, head); return head; } };""",
     [[[1, 2, 3], [7, None, 8, 9]], [[], []]], [[8, 7, 3, 2, 1], []]),
    ("void f(std::vector<int>& a) { a.clear(); }", [[[1]]], [[]]),
    ("void f(std::vector<int> a) { a.clear(); }", [[[1]]], [None]),
    ("void f(const std::vector<int>& a, int n, std::vector<int>& b) { b.assign(n, a[0]); }", [[[1], 2, []]], [[1, 1]]),
    ("class Solution { public: void f(vector<vector<char>>& board) {"
     " for (auto& r : board) sort(r.begin(), r.end()); } };",
     [[[["b", "a"], ["x"]]]], [[["a", "b"], ["x"]]]),
    ("""class Solution { public: void f(TreeNode* root) { if (!root) return; swap(root->left, root->right);
       f(root->left); f(root->right); } };""", [[[1, 2, 3]], [[]], [None]], [[1, 3, 2], [], []]),
    ("""class Solution { public: ListNode* f(vector<ListNode*>& lists) {
       priority_queue<int, vector<int>, greater<>> q; for (auto l : lists) for (; l; l = l->next) q.push(l->val);
       ListNode dummy, *tail = &dummy; while (!q.empty()) { tail = tail->next = new ListNode(q.top()); q.pop(); }
       return dummy.next; } };""", [[[[1, 4], [], [2, 3]]], [[]]], [[1, 2, 3, 4], []]),
    ("struct ListNode { int val; ListNode* next; };\nListNode* f(ListNode* a) { return a->next; }", [[[1, 2]]], [[2]]),
    # Names of its own that are std's, with and without std:: elsewhere; neither is LeetCode's way
    ("int count = 3; int size(int a) { return a; } int f(int a) { return size(a) + count; }", [[1]], [4]),
    ("#include <vector>\nint data = 3;\nint f(std::vector<int> a) { return data + a[0]; }", [[[1]]], [4]),
    ("#include <vector>\nint f(vector<int> a) { std::sort(a.begin(), a.end()); return a[0]; }", [[[2, 1]]], [1]),
    # Of several the first that takes so many arguments, and parameters that need none
    ("""class Solution { public: bool f(TreeNode* a, TreeNode* b) { if (!a || !b) return a == b;
       return a->val == b->val && f(a->left, b->right) && f(a->right, b->left); }
       bool f(TreeNode* root) { return !root || f(root->left, root->right); } };""",
     [[[1, 2, 2]], [[1, 2, 3]], [[]]], [True, False, True]),
    ("class Solution { public: int f(vector<int>& a, map<int, int> m = {{1, 2}}, int k = 1 << 3) const"
     " { return a[0] + m[1] + k; } };", [[[1]], [[1], {}], [[1], {"1": 3}, 4]], [11, 9, 8]),
    ("void f(vector<int>& a) { sort(a.begin(), a.end()); } void f(string s, int n);\n"
     "int f(int a, int b) { return a * b; } int f(double a, int b) { return 0; }\n"
     "vector<int> f(vector<int>& a, int b, int c) { return {b, c}; }",
     [[[2, 1]], [2, 3], [[1], 4, 5]], [[1, 2], 6, [4, 5]]),
    ('string f(string a, string b = "]") { return a + b; }', [['"[,\\'], ["{", ","]], ['"[,\\]', "{,"]),
    # What only C++20 has, and what only older standards take
    ("template <std::integral T> T g(T a) { return a; }\n"
     "int f(vector<int> a) { ranges::sort(a); return g(a[0]) + ((a <=> a) == 0); }", [[[2, 1]]], [2]),
    ("int f(int requires) { int concept = 1; return requires + concept; }", [[2]], [3]),
    ("using namespace std; struct span { int n; }; int f(int a) { span s{a}; return s.n; }", [[2]], [2]),
    ("static unsigned char count(long long n) noexcept { return n; } int x;", [[200]], [200]),
    ("struct Node { int val; Node *left, *right; Node(int v) : val(v), left(0), right(0) {} };\n"
     "Node* f(Node* n) { if (n) { std::swap(n->left, n->right); f(n->left); f(n->right); } return n; }",
     [[[1, 2, 3, 4]]], [[1, 3, 2, None, None, None, 4]]),
]  # fmt: skip

RUST = [
    ("""#![allow(dead_code)]
     #![forbid(unsafe_code)]
     // fn f(a: i32) -> i32 {}
     use std::collections::*;
     const TEXT: &str = "fn f( {";
     fn f<'a>(a: &[i32], b: &'a str, mut c: Vec<Vec<i64>>, d: String, e: Option<i32>, g: (bool, f64), h: char,
              i: HashMap<String, Vec<usize>>, j: &mut Vec<u8>, k: Vec<&str>, l: [i32; 2]) -> Vec<i64> {
       println!("noise"); c.push(vec![j.pop().unwrap() as i64]);
       vec![a.len() as i64, b.len() as i64, c[1][0], d.chars().count() as i64, e.unwrap_or(-1) as i64, g.0 as i64,
            (g.1 * 2.0) as i64, (h == 'é') as i64, i["k"][0] as i64, k.concat().len() as i64, l[1] as i64]
     }
     fn main() { let x: Vec<i32> = Vec::new(); println!("{}", x[3]); }""",
     [[[1, 2], "b", [[1]], "dé", None, [True, 1.5], "é", {"k": [4]}, [7], ["xy", "z"], [1, 2]]],
     [[2, 1, 7, 2, -1, 1, 3, 1, 4, 3, 2]]),
    ("""impl Solution { pub fn f(nums: Vec<i32>) -> Vec<Option<String>> {
       nums.iter().map(|n| if *n > 0 { Some(n.to_string()) } else { None }).collect() } }""",
     [[[1, -1]]], [["1", None]]),
    ("""struct Solution; impl Solution { fn helper(&self) -> i128 { 1 << 100 }
       fn f(&mut self) -> (i128, f64, f64, char, &'static str, bool, ) {
         (self.helper(), 1.0, 0.1 + 0.2, 'é', "\\n\\u{1F600}", true) } }""",
     [[]], [[2**100, 1.0, 0.1 + 0.2, "é", "\n\U0001f600", True]]),
    ("""use std::collections::{BTreeMap, HashSet};
     macro_rules! format { ($($x:tt)*) => { "gold" } }
     macro_rules! eprintln { ($($x:tt)*) => { } }
     fn f(n: u64) -> Result<BTreeMap<u64, HashSet<i32>>, String> {
       let mut m = BTreeMap::new(); m.insert(n, [3, 1, 2].into_iter().collect()); Ok(m) }""",
     [[2**63]], [{str(2**63): [1, 2, 3]}]),
    ("fn f(a: &mut [i32]) { a.sort(); } fn main() {}", [[[2, 1]]], [[1, 2]]),
    ("fn f(mut a: Vec<i32>) { a.sort(); }", [[[2, 1]]], [None]),
    ("fn f(a: &mut Vec<i32>) -> usize { a.sort(); a.len() }", [[[2, 1]]], [2]),
    ("impl Solution { pub fn f(board: &mut Vec<Vec<char>>) { for row in board.iter_mut() { row.reverse() } } }",
     [[[["a", "b"], []]]], [[["b", "a"], []]]),
    ("impl Solution { pub fn f(&self, n: i32, s: &'static mut Vec<char>) -> () { s.push('x');"
     " s.truncate(n as usize) } }",
     [[2, ["a", "b"]], [9, ["a"]]], [["a", "b"], ["a", "x"]]),
    # LeetCode's nodes, which it defines, and names that are not imported
    ("""impl Solution { pub fn f(head: Option<Box<ListNode>>) -> Option<Box<ListNode>> {
       let (mut p, mut head) = (None, head);
       while let Some(mut n) = head { head = n.next.take(); n.next = p; p = Some(n) } p } }""",
     [[[1, 2, 3]], [[]], [None]], [[3, 2, 1], [], []]),
    ("""// Definition for singly-linked list.
     #[derive(PartialEq, Eq, Clone, Debug)]
     pub struct ListNode { pub val: i32, pub next: Option<Box<ListNode>> }
     impl Solution { pub fn f(lists: Vec<Option<Box<ListNode>>>) -> Option<Box<ListNode>> {
       let mut heap = BinaryHeap::new();
       for mut list in lists { while let Some(n) = list { heap.push(n.val); list = n.next } }
       let mut head = None; while let Some(val) = heap.pop() { head = Some(Box::new(ListNode { val, next: head })) }
       head } }""", [[[[1, 4], [], [2, 3]]], [[]]], [[1, 2, 3, 4], []]),
    ("""impl Solution { pub fn f(head: &mut Option<Box<ListNode>>) { let mut new = ListNode::new(0);
       new.next = head.take(); *head = Some(Box::new(new)) } }""", [[[1]], [[]]], [[0, 1], [0]]),
    ("""use std::rc::Rc; use std::cell::RefCell;
     impl Solution { pub fn f(root: Option<Rc<RefCell<TreeNode>>>) -> Option<Rc<RefCell<TreeNode>>> {
       if let Some(n) = &root { let mut n = n.borrow_mut(); let (l, r) = (n.left.take(), n.right.take());
       n.left = Self::f(r); n.right = Self::f(l) } root } }""",
     [[[1, 2, 3, 4]], [[1, None, 2]], [[]], [None]], [[1, 3, 2, None, None, None, 4], [1, 2], [], []]),
    ("""impl Solution { pub fn f(root: Option<Rc<RefCell<TreeNode>>>) -> i32 {
       root.map_or(0, |n| 1 + max(Self::f(n.borrow().left.clone()), Self::f(n.borrow().right.clone()))) } }""",
     [[[3, 9, 20, None, None, 15, 7]], [[]]], [3, 0]),
    ("""fn f(a: Vec<i32>) -> Vec<i32> { let mut m: HashMap<i32, i32> = HashMap::new();
       for x in a { *m.entry(x).or_insert(0) += 1 } let mut v: Vec<_> = m.into_iter().collect();
       v.sort_by(|x, y| if x.1 > y.1 { Ordering::Less } else { Ordering::Greater });
       v.iter().map(|p| p.0).collect() }""",
     [[[1, 2, 2]]], [[2, 1]]),
    # Names of its own come before those
    ("""struct HashMap; struct ListNode<T> { val: T } fn max(a: i32) -> i32 { a }
     fn f(a: i32) -> i32 { let _ = HashMap; let n = ListNode { val: a }; max(n.val) }""", [[4]], [4]),
    ("""use std::sync::atomic::*;
     fn f(a: i32) -> i32 { let n = AtomicI32::new(a); n.fetch_add(1, Ordering::SeqCst); n.load(Ordering::SeqCst) }""",
     [[4]], [5]),
]  # fmt: skip

SLOW = ("cpp", "rust")  # their compilers take a second for each row: every second one is for `make integrations`
TABLE = [
    pytest.param(
        *(language, *row),
        id=f"{language}-{i}",
        marks=[pytest.mark.integrations] if language in SLOW and i % 2 else [],
    )
    for language, rows in {"python": PYTHON, "javascript": JAVASCRIPT, "cpp": CPP, "rust": RUST}.items()
    for i, row in enumerate(rows)
]


@pytest.mark.parametrize(("language", "source", "calls", "expected"), TABLE)
def test_calls_return_what_the_function_returns(
    served: Served, language: str, source: str, calls: list[list[Any]], expected: list[Any]
) -> None:
    function = "count" if "count(long long" in source else "f"
    assert values(served(language, source, function, *calls)) == expected


SOME = {"python": 1, "javascript": 1, "cpp": 4, "rust": 3}  # every how many rows: compilers take a second for each


@pytest.mark.parametrize(
    ("language", "step"),
    [*SOME.items(), *(pytest.param(name, 1, marks=pytest.mark.proofs) for name, step in SOME.items() if step > 1)],
)
@pytest.mark.integrations
async def test_the_toolchains_of_the_image_agree(sandbox_image: str, tmp_path: Path, language: str, step: int) -> None:
    """The same table once more in a real sandbox, whose compilers and interpreters are older than a developer's."""
    async with open_sandbox("docker", cache=tmp_path) as sandbox:
        for place, case in enumerate(TABLE):
            name, source, calls, expected = case.values
            if name == language and place % step == 0:
                inputs = [Call("count" if "count(long long" in source else "f", args) for args in calls]
                results = await sandbox.run(Program(name, source), inputs)
                assert [result.status for result in results] == ["ok"] * len(calls), (source, results)
                assert [json.loads(result.instead or result.returned or "") for result in results] == expected


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "nan = float('nan')\ndef f(): return [nan, 1e999, -1e999]"),
        ("javascript", "function f() { return [NaN, 1 / 0, -1 / 0] }"),
        ("cpp", "std::vector<double> f() { return {NAN, INFINITY, -INFINITY}; }"),
        ("rust", "fn f() -> [f64; 3] { [f64::NAN, f64::INFINITY, -f64::INFINITY] }"),
    ],
)
def test_what_is_no_number_has_one_form(served: Served, language: str, source: str) -> None:
    assert served(language, source, "f", []).answers == ['n0 {"value": [NaN,Infinity,-Infinity]}']


@pytest.mark.parametrize(
    ("language", "source"),
    [
        # Exit code 0 and no answer: the host calls that tampered.
        ("python", "import sys\nsys.exit(0)\ndef f(a): return a"),
        ("python", "import os\ndef f(a): os._exit(0)"),
        ("javascript", "process.exit(0); function f(a) { return a }"),
        ("javascript", "process.on('uncaughtException', () => 0); function f(a) { throw 1 }"),
        ("javascript", "function f(a) { return new Promise(() => 0) }"),
        ("cpp", "struct S { S() { _exit(0); } } s; int f(int a) { return a; }"),
        ("cpp", "#include <cstdlib>\n#define main f2\nint main() { exit(0); }\nint f(int a) { exit(0); }"),
        ("rust", "fn f(a: i32) -> i32 { std::process::exit(0) }"),
        ("rust", '#[link_section = ".init_array"]\n#[used]\nstatic S: extern "C" fn() = { extern "C" fn s()'
         " { std::process::exit(0) } s };\nfn f(a: i32) -> i32 { a }"),
    ],
)  # fmt: skip
def test_leaving_early_is_no_answer(served: Served, language: str, source: str) -> None:
    ended = served(language, source, "f", [1])
    assert (ended.exit_code, ended.answers) == (0, []), ended.said


@pytest.mark.parametrize(
    ("language", "source", "args", "said"),
    [
        ("python", "def f(a): return object()", [1], "a object is not a plain value"),
        ("python", "def f(a): return b'x'", [1], "a bytes is not a plain value"),
        ("python", "def f(a): return f(a)", [1], "RecursionError"),
        ("python", "def f(a: ListNode):\n  a.next = a\n  return a", [[1]], "linked in a circle"),
        ("python", "def f(a: TreeNode):\n  a.left = a\n  return a", [[1]], "linked in a circle"),
        ("python", "def f(a): return Undefined", [1], "NameError"),
        ("python", "def f(a):\n  x = []\n  x.append({1: x})\n  return x", [1], "nested more than 500 deep"),
        ("javascript", "function f(a) { return f(a) + 1 }", [1], "RangeError"),
        ("python", "def g(f): return f", [1], "no function f"),
        ("python", "def f(a): return a.b", [1], "AttributeError"),
        ("python", "def f(a: int) -> return", [1], "SyntaxError"),
        ("javascript", "function f() { return Symbol() }", [1], "a symbol is not a plain value"),
        ("javascript", "function f() { return new Date() }", [1], "an object of a class is not a plain value"),
        ("javascript", "function f() { const x = []; x.push(x); return x }", [1], "nested more than 500 deep"),
        ("javascript", "function f(head) { head.next = head; return head }", [[1]], "linked in a circle"),
        ("javascript", "let g = 'f'", [1], "no function f"),
        ("cpp", "int f(int a) { return a; }", [2**40], "does not fit"),
        ("cpp", "int f(int a) { return a; }", ["1"], "is not a number"),
        ("cpp", "int f(int a) { return a; }", [1, 2], "more arguments"),
        ("rust", "fn f(a: u8) -> u8 { a }", [-1], "does not fit"),
        ("rust", "fn f(a: &str) -> u8 { 1 }", [1], "is not a string"),
        ("rust", "fn f(a: i32, b: i32) -> i32 { a }", [1], "fewer arguments"),
        ("rust", "fn f(a: i32) -> Result<i32, String> { Err(String::new()) }", [1], "returned an Err"),
    ],
)
def test_failures_are_the_programs_and_say_why(
    served: Served, language: str, source: str, args: list[Any], said: str
) -> None:
    ended = served(language, source, "f", args)
    assert ended.exit_code not in (0, -1)
    assert ended.answers == []
    assert said in ended.said


@pytest.mark.parametrize(
    ("language", "source", "said"),
    [
        ("cpp", "int f(FILE* a) { return 1; }", "no JSON value fills"),
        ("cpp", "int f(int a) { return 1 }", "candidate.cpp:1"),
        ("cpp", "template <class T> int f(T a) { return 1; }", "deduce"),
        ("rust", "struct S; fn f(a: S) -> i32 { 1 }", "FromJson"),
        ("rust", "fn f(a: i32) -> i32 { 1. }", "main.rs:1"),
    ],
)
def test_what_cannot_be_called_does_not_compile(served: Served, language: str, source: str, said: str) -> None:
    ended = served(language, source, "f", [1])
    assert ended.exit_code == -1
    assert said in ended.said


@pytest.mark.parametrize("language", ["python", "javascript", "cpp", "rust"])
@pytest.mark.parametrize(
    ("source", "function"), [("", "f"), ("fx g", "f"), ("f", "f("), ("f", "f;g"), ("f", "1f"), ("f", "f\n"), ("f", "")]
)
def test_no_such_name_is_a_signature_error(language: str, source: str, function: str) -> None:
    with pytest.raises(SignatureError) as caught:
        get_language(language).plan_call(source, function)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("cpp", "// int f(int a)\nint g();"),
        ("cpp", 'auto x = R"x(int f(int a) {)x";'),
        ("rust", "/* /* */ fn f() {} */ fn g() {}"),
        ("rust", 'const S: &str = r#"fn f() {"#; fn g() {}'),
        ("rust", "fn g() { fn f() {} }"),
        ("rust", "trait T { fn f(); }"),
    ],
)
def test_names_in_comments_and_literals_are_no_functions(language: str, source: str) -> None:
    with pytest.raises(SignatureError, match="no function `f`"):
        get_language(language).plan_call(source, "f")


@pytest.mark.parametrize(
    "piece",
    [
        "class Solution ",
        "class Solution{",
        "class Solution{(}",
        "impl Solution {",
        "impl Solution{(}",
        "fn f<",
        "fn f<a>",
        "<",
        "<a>",
        "->",
        "fn f(",
        "struct ListNode ",
        "/*",
        'r#"',
        'R"(',
        "'",
        '"',
        "{",
        "}",
        "import ",
        "import {\n",
        " ",
    ],
)
def test_hostile_sources_are_planned_at_once(piece: str) -> None:
    """They are looked at outside the sandbox: nothing there may take more than a linear look."""
    started = time.process_time()
    for name in ("python", "javascript", "cpp", "rust"):
        for head in ("", "fn f<", "fn f(", "int f(", "import "):
            source = head + piece * (200_000 // len(piece)) + " f"
            with contextlib.suppress(SignatureError):
                get_language(name).plan_call(source, "f")
            get_language(name).plan(source)
    assert time.process_time() - started < 60


def test_large_values_pass_whole(served: Served) -> None:
    numbers = list(range(200_000))
    source = "def f(a): return [a, [str(x) for x in a]]"
    assert values(served("python", source, "f", [numbers])) == [[numbers, [str(x) for x in numbers]]]


def test_a_precompiled_header_is_taken(precompiled: str, tmp_path: Path) -> None:
    source = tmp_path / "main.cpp"
    source.write_text("#include <bits/stdc++.h>\nint main() {}\n", encoding="utf-8")
    for name in ("c++17", "c++20"):
        build = get_language(name).plan("").build
        assert build is not None
        flags = [word for word in build if word.startswith(("-O", "-D", "-std", "-s"))]
        shown = subprocess.run(
            ["g++", *flags, f"-I{precompiled}", "-H", "-fsyntax-only", str(source)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert f"! {precompiled}/bits/stdc++.h.gch/{name}" in shown.stderr
