"""The typed grammar: draws a random program of a level. Every production names the type it makes."""

from __future__ import annotations

from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.levels import Level
from synthetic1.tasks.programs.ops import apply
from synthetic1.tasks.programs.program import (
    Assign,
    Block,
    Expr,
    Extend,
    ForEach,
    ForRange,
    Function,
    HelperCall,
    If,
    Let,
    Lit,
    Return,
    SourceProgram,
    Stmt,
    Type,
    Var,
    While,
)

TEXT, INT, WORDS = Type.TEXT, Type.INT, Type.WORDS
S = Var("s", TEXT)

PLAIN = ("reverse", "upper", "swapcase", "capitalize", "evens", "odds", "sort", "sort_down", "unique", "swap_halves")
COUNTED = ("drop_first", "drop_last", "take_first", "take_last", "rotate_left", "rotate_right")
DROPS = ("drop_first", "drop_last")
LETTERED = ("replace", "replace", "remove", "prefix", "suffix", "strip")
GROWING = ("double_each", "mirror", "repeat", "spread")
SEPARATORS = ("-", "_", ".", "+")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LETTER_SETS = ("aeiou", "aei", "rst", "lmnop", "abcdef", "stuvwxyz")


def text(value: str) -> Lit:
    return Lit(value, TEXT)


def number(value: int) -> Lit:
    return Lit(value, INT)


class Grammar:
    """Draws one program. ``sample`` is the input it will run on: its letters make operations likely to matter."""

    def __init__(self, level: Level, choose: Choices, sample: str) -> None:
        self.level, self.choose = level, choose
        self.letters = [c for c in dict.fromkeys(sample.lower()) if c.isalpha()] or list(LETTERS)
        self.used: dict[str, int] = {}
        self.helpers: list[Function] = []
        self.growth = 2 if level.depth else 1  # operations that may double the length: more would only make it long

    def program(self) -> SourceProgram:
        body: list[Stmt] = []
        wanted = self.choose.integer(*self.level.steps)
        for left in range(wanted, 0, -1):
            # A level with nesting spends its last block on it if none came by itself: that is what the level is.
            flat = not any(isinstance(node, ForEach | ForRange | While) for node in body)
            nested = self.level.depth > 0 and left == 1 and flat
            body += self.nested(S, self.level.depth) if nested else self.step(S, self.level.depth)
        return SourceProgram(tuple(self.helpers), Function("transform", (S,), TEXT, (*body, Return(S))))

    # -- blocks: statements that change one text variable

    def step(self, var: Var, depth: int) -> Block:
        if depth == 0 or self.choose.chance(0.4 if self.level.depth == 1 else 0.25):
            return (Assign(var, self.text_op(var)),)
        return self.nested(var, depth)

    def nested(self, var: Var, depth: int) -> Block:
        makers = [self.branch, self.char_loop, self.char_loop, self.counted_loop, self.tally]
        if self.level.input != "word":
            makers += [self.word_loop, self.word_loop, self.shrink_loop]
        if len(self.helpers) < self.level.helpers and var == S:
            makers += [self.helper_call, self.helper_call]
        return self.choose.pick(makers)(var, depth)

    def branch(self, var: Var, depth: int) -> Block:
        """``if``: two ways on, or one."""
        then = self.step(var, depth - 1)
        orelse = self.step(var, depth - 1) if self.choose.chance(0.6) else ()
        return (If(self.text_condition(var), then, orelse),)

    def char_loop(self, var: Var, depth: int) -> Block:
        """A new text built character by character, now and then with a running count."""
        out, c = self.fresh("out", TEXT), self.fresh("c", TEXT)
        state = self.fresh("n", INT) if depth > 1 and self.choose.chance(0.5) else None
        body: list[Stmt] = []
        if state is not None:
            body.append(If(self.char_condition(c, None), (Extend(state, number(1)),)))
        body += self.emit(out, c, depth - 1, state)
        start: list[Stmt] = [Let(out, text(""))]
        if state is not None:
            start.append(Let(state, number(0)))
        return (*start, ForEach(c, var, tuple(body)), Assign(var, out))

    def emit(self, out: Var, c: Var, depth: int, state: Var | None) -> Block:
        """What a character loop does with one character."""
        if depth > 0 or self.choose.chance(0.7):
            condition = self.char_condition(c, state)
            then = self.emit(out, c, depth - 1, state) if depth > 1 else self.put(out, c, condition)
            if self.choose.chance(0.8):
                return (If(condition, then, self.put(out, c, None, plain=self.choose.chance(0.5))),)
            return (If(condition, then),)
        return self.put(out, c, None)

    def put(self, out: Var, c: Var, guard: Expr | None, *, plain: bool = False) -> Block:
        if self.choose.chance(0.2):
            return (Assign(out, apply("concat", c, out)),)
        return (Extend(out, c if plain else self.char_op(c, guard)),)

    def word_loop(self, var: Var, depth: int) -> Block:
        """Words taken apart, changed one by one, and joined again."""
        parts, w = self.fresh("parts", WORDS), self.fresh("w", TEXT)
        if depth > 1 and self.choose.chance(0.5):
            piece = self.fresh("piece", TEXT)
            body: Block = (Let(piece, w), *self.step(piece, depth - 1), Extend(parts, piece))
        else:
            other: Expr = w if self.choose.chance(0.4) else self.text_op(w)
            body = (If(self.text_condition(w), (Extend(parts, self.text_op(w)),), (Extend(parts, other),)),)
        joined: Expr = parts
        if self.choose.chance(0.4):
            joined = apply(self.choose.pick(("words_reversed", "words_sorted")), parts)
        separator = " " if self.choose.chance(0.7) else self.choose.pick(SEPARATORS)
        loop = ForEach(w, apply("split", var), body)
        return (Let(parts, apply("no_words")), loop, Assign(var, apply("join", joined, text(separator))))

    def counted_loop(self, var: Var, depth: int) -> Block:
        """A fixed or length-dependent number of rounds."""
        i = self.fresh("i", INT)
        rounds: Expr = number(self.choose.integer(2, 3))
        if self.choose.chance(0.4):
            rounds = apply("mod", apply("length", var), number(self.choose.integer(3, 5)))
        growth, self.growth = self.growth, 0  # doubling inside a loop is exponential
        body: Block = (Assign(var, self.text_op(var)),)
        if depth > 1 or self.choose.chance(0.5):
            condition = apply("divides", number(self.choose.integer(2, 3)), i)
            body = (If(condition, self.step(var, depth - 1), (Assign(var, self.text_op(var)),)),)
        self.growth = growth
        return (ForRange(i, rounds, body),)

    def shrink_loop(self, var: Var, depth: int) -> Block:
        """``while`` the text is long, cut it: ends because every round removes at least one character."""
        keep = self.choose.integer(4, 12)
        cut = apply(self.choose.pick(DROPS), var, number(self.choose.integer(1, 3)))
        body: Block = (Assign(var, cut),)
        if self.choose.chance(0.6):
            other = Assign(var, apply(self.choose.pick(DROPS), var, number(1)))
            body = (If(self.text_condition(var), body, (other,)),)
        if depth > 1:
            body = (*body, Assign(var, apply("rotate_left", var, number(self.choose.integer(1, 2)))))
        return (While(apply("more", apply("length", var), number(keep)), body),)

    def tally(self, var: Var, depth: int) -> Block:
        """Counts characters, then lets the count decide or appends it."""
        n, c = self.fresh("n", INT), self.fresh("c", TEXT)
        amount = number(self.choose.integer(1, 3) if depth > 1 else 1)
        loop = ForEach(c, var, (If(self.char_condition(c, None), (Extend(n, amount),)),))
        if self.choose.chance(0.5):
            after: Stmt = Assign(var, apply("concat", var, apply("number", n)))
        else:
            then, orelse = (Assign(var, self.text_op(var)),), (Assign(var, self.text_op(var)),)
            test = apply("divides", number(2), n) if self.choose.chance(0.5) else apply("more", n, number(2))
            after = If(test, then, orelse)
        return (Let(n, number(0)), loop, after)

    def helper_call(self, var: Var, depth: int) -> Block:
        """Defines a helper function and calls it on the text, or on each of its words."""
        param = Var("t", TEXT)
        name = f"helper_{len(self.helpers) + 1}"
        inner: list[Stmt] = []
        if self.choose.chance(0.4):  # a guard with a return of its own
            inner.append(If(self.text_condition(param), (Return(self.text_op(param)),)))
        # The slot is reserved first: helpers are defined in order and never call themselves.
        self.helpers.append(Function(name, (param,), TEXT, ()))
        inner += self.step(param, depth - 1)
        inner.append(Return(param))
        self.helpers[-1] = Function(name, (param,), TEXT, tuple(inner))
        if self.level.input == "word" or self.choose.chance(0.5):
            return (Assign(var, HelperCall(name, (var,), TEXT)),)
        parts, w = self.fresh("parts", WORDS), self.fresh("w", TEXT)
        loop = ForEach(w, apply("split", var), (Extend(parts, HelperCall(name, (w,), TEXT)),))
        return (Let(parts, apply("no_words")), loop, Assign(var, apply("join", parts, text(" "))))

    # -- expressions

    def text_op(self, var: Var) -> Expr:
        """One operation on a text."""
        roll = self.choose.uniform()
        if roll < 0.12 and self.growth > 0:
            self.growth -= 1
            op = self.choose.pick(GROWING)
            if op == "repeat":
                return apply(op, var, number(2))
            return apply(op, var, text(self.choose.pick(SEPARATORS))) if op == "spread" else apply(op, var)
        if roll < 0.45:
            return apply(self.choose.pick(PLAIN), var)
        if roll < 0.68:
            op = self.choose.pick(COUNTED)
            low, high = (2, 4) if op.startswith("take") else (1, 3)
            return apply(op, var, number(self.choose.integer(low, high)))
        op = self.choose.pick(LETTERED)
        letter = self.letter()
        if op == "replace":
            return apply(op, var, text(letter), text(self.choose.pick_other(LETTERS, letter)))
        if op in ("prefix", "suffix"):
            added = text("".join(self.choose.pick(LETTERS) for _ in range(self.choose.integer(1, 2))))
            return apply("concat", added, var) if op == "prefix" else apply("concat", var, added)
        return apply(op, var, text(letter))

    def letter(self) -> str:
        return self.choose.pick(self.letters) if self.choose.chance(0.8) else self.choose.pick(LETTERS)

    def text_condition(self, var: Var) -> Expr:
        kind = self.choose.integer(0, 4)
        if kind == 0:
            return apply("contains", var, text(self.letter()))
        if kind == 1:
            return apply(self.choose.pick(("starts", "ends")), var, text(self.letter()))
        if kind == 2:
            return apply("divides", number(self.choose.integer(2, 3)), apply("length", var))
        if kind == 3:
            return apply("more", apply("count", var, text(self.letter())), number(self.choose.integer(0, 1)))
        size = self.choose.integer(3, 6) if var != S or self.level.input == "word" else self.choose.integer(8, 40)
        return apply("more", apply("length", var), number(size))

    def char_condition(self, c: Var, state: Var | None) -> Expr:
        if state is not None and self.choose.chance(0.4):
            return apply("divides", number(self.choose.integer(2, 3)), state)
        kind = self.choose.integer(0, 4)
        if kind == 0:
            return apply("contains", text(self.choose.pick(LETTER_SETS)), c)
        if kind == 1:
            return apply("same", c, text(self.letter()))
        if kind == 2:
            return apply("before", c, text(self.choose.pick("fghijklmnopq")))
        if kind == 3:
            return apply(self.choose.pick(("is_upper", "is_lower", "is_digit", "is_letter")), c)
        return apply("both", apply("is_lower", c), apply("before", text(self.choose.pick("defghijkl")), c))

    def char_op(self, c: Var, guard: Expr | None) -> Expr:
        """A text made from one character; a shift along the alphabet only where the guard says lower case."""
        lower_only = guard is not None and "is_lower" in _ops_in(guard)
        if lower_only and self.choose.chance(0.5):
            return apply("shift", c, number(self.choose.integer(1, 12)))
        kind = self.choose.integer(0, 4)
        if kind == 0:
            return apply("upper", c)
        if kind == 1:
            return apply("concat", c, text(self.choose.pick(LETTERS)))
        if kind == 2:
            return apply("repeat", c, number(2))
        if kind == 3:
            return text(self.choose.pick((*LETTERS, *SEPARATORS)))
        return apply("swapcase", c)

    def fresh(self, name: str, kind: Type) -> Var:
        """A variable whose name no other variable of the program bears."""
        count = self.used.get(name, 0) + 1
        self.used[name] = count
        return Var(name if count == 1 else f"{name}{count}", kind)


def _ops_in(node: Expr) -> set[str]:
    """The conjuncts of a condition: what is known to hold inside its ``then``."""
    op = getattr(node, "op", "")
    return set().union(*(_ops_in(arg) for arg in node.args)) if op == "both" else {op}  # type: ignore[union-attr]
