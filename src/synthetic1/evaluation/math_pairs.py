r"""Final answers of mathematics that the rules refuse without being certain: what a judge of them is measured on.

Each is a problem (``?``), its gold (``=``), the gold in forms that few rules read (``+``), and near misses in such
forms (``-``): another number, sign, bound, word or condition. They were written for this and are not a sample of what
models write: a judge that errs on them errs, one that does not may err elsewhere. What rules come to decide of them is
counted apart, as everywhere in a calibration.
"""

from __future__ import annotations

from collections.abc import Iterator

from synthetic1.task import Task
from synthetic1.tasks.formats.math import REQUEST

PAIRS = r"""
? How many edges does a cube have?
= 12
+ a dozen
+ \text{twelve edges in all}
- half a dozen
- \text{two dozen}
? A bag holds 3 red and 6 blue marbles. What is the probability that a marble drawn at random is red?
= \frac{1}{3}
+ 1 \text{ in } 3
+ \text{one out of three}
+ \text{one third}
- 1 \text{ in } 2
- \text{one out of six}
- \text{two thirds}
- 3 \text{ to } 1
? In what ratio does the bisector divide the opposite side?
= 3:4
+ 3 \text{ to } 4
+ \text{three to four}
- 4 \text{ to } 3
- \text{three to seven}
? At what time do the trains meet?
= 10:30
+ \text{half past ten}
+ \text{ten thirty}
- \text{half past eleven}
- \text{a quarter past ten}
? What percentage of the numbers from 1 to 100 are divisible by 20?
= 5\%
+ 5 \text{ in } 100
+ \text{one in twenty}
- 5 \text{ in } 1000
- \text{one in five}
? Is the function $f(x) = x^4 - 3x^2$ even, odd, or neither?
= \text{even}
+ \text{the function is even}
+ \text{It is an even function}
- \text{the function is odd}
- \text{odd}
- \text{symmetric about the origin}
? On which day of the week does the month end?
= \text{Tuesday}
+ \text{on Tuesday}
+ Dienstag
- \text{on Thursday}
- \text{the day after Tuesday}
- Donnerstag
? Does the series converge?
= \text{Yes}
+ \text{Yes, it converges}
+ \text{the series converges}
+ \text{it is convergent}
- \text{it diverges}
- \text{the series is divergent}
- \text{only conditionally for some terms}
? How many real solutions does the equation have? If there are none, say so.
= \text{no solution}
+ \text{no real } x \text{ satisfies it}
+ \text{the equation has no real roots}
- \text{exactly one solution}
- \text{every real } x \text{ satisfies it}
? Find all integers $n$ with $n^2 = 2$.
= \emptyset
+ \text{no integer will do}
+ \text{there is nothing of the kind}
- \text{just one integer}
- \text{two integers}
? What kind of triangle has sides 5, 5 and 8?
= \text{isosceles}
+ \text{an isosceles triangle}
+ \text{it has two equal sides}
- \text{an equilateral triangle}
- \text{scalene}
- \text{a right triangle}
? What is the name of a polygon with eight sides?
= \text{octagon}
+ \text{it is called an octagon}
- \text{a hexagon}
- \text{it is called a heptagon}
? Which conic is given by $x^2 - y^2 = 1$?
= \text{hyperbola}
+ \text{a rectangular hyperbola}
- \text{an ellipse}
- \text{a parabola}
- \text{a pair of lines}
? Where do the medians of the triangle with vertices $A(0,0)$, $B(6,0)$, $C(0,9)$ meet?
= (2,3)
+ \text{the point } (2,3)
+ \text{at } (2,3)
+ G(2,3)
- \text{the point } (3,2)
- \text{at } (-2,3)
- G(2,4)
? Solve $\tan x = 1$.
= \frac{\pi}{4}+k\pi, k\in\mathbb{Z}
+ \frac{\pi}{4} \text{ plus any multiple of } \pi
+ 45^\circ + 180^\circ k \text{ for integers } k
- \frac{\pi}{4} \text{ plus any multiple of } 2\pi
- \frac{3\pi}{4} \text{ plus any multiple of } \pi
- 45^\circ + 90^\circ k \text{ for integers } k
? For which $x$ is the function positive?
= x>3
+ x \text{ greater than } 3
+ \text{all } x \text{ above } 3
- x \text{ less than } 3
- \text{all } x \text{ from } 3 \text{ upwards, } 3 \text{ included}
- x \text{ greater than } -3
? For which integers $n$ is $n^2$ even?
= \text{all even } n
+ n \text{ even}
+ \text{the even integers}
+ \text{multiples of two}
- \text{the odd integers}
- \text{multiples of four}
- \text{all integers}
? Find the antiderivative of $\cos x$.
= \sin x + C
+ \sin(x) + \text{constant}
+ \sin x \text{ up to a constant}
- -\sin(x) + \text{constant}
- \cos x \text{ up to a constant}
? Solve for $x$: $3x = 6$.
= x=2
+ x \text{ equals } 2
+ x \text{ is } 2
- x \text{ equals } -2
- x \text{ is } 3
? Which number has one hundred zeros after a one?
= 10^{100}
+ \text{a googol}
+ \text{ten to the hundredth power}
- \text{a googolplex}
- \text{one hundred to the tenth power}
? Which set of numbers is closed under addition here?
= \mathbb{Z}^+
+ \{1,2,3,\ldots\}
+ \text{the positive integers}
- \{0,1,2,\ldots\}
- \text{the integers}
- \text{the positive real numbers}
? What is the function $f$?
= f(x)=2x
+ x \mapsto 2x
+ f \text{ doubles its argument}
- x \mapsto x^2
- f \text{ halves its argument}
- f \text{ squares its argument}
? How many apples are left?
= 5
+ 5 \text{ whole apples}
+ 5 \text{ of the fruits}
- 5 \text{ dozen apples}
- 5 \text{ pairs}
- 5 \text{ apples per child}
? By how much does the temperature change?
= -4
+ -4 \text{ (it falls)}
+ \text{it falls by } 4
+ \text{a fall of } 4
- \text{a rise of } 4
- \text{a fall of } 40
? Express the larger of $a$ and $b$.
= \max(a,b)
+ \frac{a+b+|a-b|}{2}
+ \text{the larger of } a \text{ and } b
- \frac{a+b-|a-b|}{2}
- \text{the smaller of } a \text{ and } b
- \frac{a+b+|a+b|}{2}
? Express the factorial by the gamma function.
= \Gamma(n+1)
+ n!
+ n\,\Gamma(n)
- (n+1)!
- (n-1)!
? Which of these is the sum? (A) 3 (B) 5 (C) 7 (D) 9
= \text{C}
+ 7
+ \text{the sum is } 7
- 5
- 9
- \text{the sum is } 3
? Which of these is a prime? (A) 9 (B) 15 (C) 21 (D) 23
= 23
+ D
- A
- B
- C
? Give the equation of the hyperbola through $(1,1)$ whose asymptotes are the axes.
= xy=1
+ y \text{ is the reciprocal of } x
+ \text{the product } xy \text{ is } 1
- y \text{ is the negative of } x
- \text{the product } xy \text{ is } 2
? Give the parabola with focus on the $y$-axis.
= x^2=4y
+ 4y \text{ equals the square of } x
- 4x \text{ equals the square of } y
- y \text{ equals the square of } 4x
? Name the distribution of the number of successes.
= \text{Binomial}(10, 0.5)
+ \text{binomial with } n=10, p=0.5
+ B(10,\tfrac12)
- \text{binomial with } n=5, p=0.5
- B(10,\tfrac14)
- \text{Poisson with mean } 5
? What does the matrix $M$ do?
= \text{rotation by } 90^\circ
+ \text{a quarter turn}
+ \text{it rotates by a right angle}
- \text{a half turn}
- \text{a reflection}
? How do the two lines lie?
= \text{parallel}
+ \text{they are parallel}
+ \text{the lines do meet nowhere}
- \text{they are perpendicular}
- \text{they meet in one point}
? What is the last digit? Answer with a word.
= \text{seven}
+ \text{the digit seven}
- \text{the digit eleven}
- \text{seventeen}
? How often is the wheel turned?
= 2
+ \text{twice}
+ \text{two times}
- \text{thrice}
- \text{once}
? What is the area of the square?
= 2^{10}
+ 2^{10} \text{ square units}
+ 1024 \text{ unit squares}
- 2^{12} \text{ unit squares}
- 2048 \text{ unit squares in total}
? Which quadrant does the point lie in?
= \text{second quadrant}
+ \text{quadrant II}
+ \text{the upper left one}
- \text{quadrant III}
- \text{the upper right one}
? By what is the remainder given?
= r \equiv 3 \pmod 7
+ 3 \text{ modulo } 7
+ r \text{ leaves } 3 \text{ when divided by } 7
- 4 \text{ modulo } 7
- r \text{ leaves } 7 \text{ when divided by } 3
? Who wins with best play?
= \text{the first player}
+ \text{player one}
+ \text{whoever moves first}
- \text{player two}
- \text{whoever moves second}
- \text{the game is a draw}
? In what order do they finish?
= \text{Ann, Bob, Cid}
+ \text{Ann, then Bob, then Cid}
+ \text{first Ann, second Bob, third Cid}
- \text{Bob, then Ann, then Cid}
- \text{first Cid, second Bob, third Ann}
? When is the account empty?
= \text{June 20}
+ \text{on the 20th of June}
- \text{on the 21st of June}
- 20 \text{ July}
? In which base is the sum written correctly?
= \text{base } 8
+ \text{octal}
+ \text{in base eight}
- \text{hexadecimal}
- \text{in base nine}
? What is the limit?
= \infty
+ \text{it grows without bound}
+ \text{plus infinity}
- \text{minus infinity}
- \text{it tends to zero}
"""


def math_pairs() -> list[Task]:
    """The problems as tasks; ``metadata["audit"]`` has completions that deserve 1 (``right``) and 0 (``wrong``)."""
    return [
        Task(
            problem_id=f"math/pairs/{number}",
            task_type="verifiable_math",
            prompt=f"{problem}\n\n{REQUEST}",
            verification_info={"ground_truth": gold},
            source="synthetic1/math-pairs",
            metadata={"audit": {"right": [_boxed(text) for text in right], "wrong": [_boxed(text) for text in wrong]}},
        )
        for number, (problem, gold, right, wrong) in enumerate(_read(PAIRS), 1)
    ]


def _read(table: str) -> Iterator[tuple[str, str, list[str], list[str]]]:
    for block in table.strip().removeprefix("? ").split("\n? "):
        problem, *lines = block.split("\n")
        said: dict[str, list[str]] = {"=": [], "+": [], "-": []}
        for line in lines:
            said[line[0]].append(line[2:])
        (gold,) = said["="]
        yield problem, gold, said["+"], said["-"]


def _boxed(text: str) -> str:
    return f"\\boxed{{{text}}}"
