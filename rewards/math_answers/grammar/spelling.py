r"""How people write mathematics: which characters and commands are the same as which others."""

from __future__ import annotations


def _pairs(text: str) -> dict[str, str]:
    """``a b, c d`` as a mapping."""
    return dict(tuple(pair.split()) for pair in text.split(","))  # type: ignore[misc]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYMBOLS = _pairs(r"""
    − -, – -, — -, ‐ -, ‑ -, ﹣ -, － -, × \cdot, ⋅ \cdot, · \cdot, ∙ \cdot, • \cdot, ∗ \cdot, ✕ \cdot, ÷ /, ∕ /,
    ⁄ /, √ \sqrt, ∛ \cbrt, ∞ \infty, ≤ \le, ⩽ \le, ≦ \le, ≥ \ge, ⩾ \ge, ≧ \ge, ≠ \ne, ≈ \approx, ≅ \approx,
    ≡ \equiv, ∈ \in, ∉ \notin, ∪ \cup, ∩ \cap, ∅ \emptyset, ⌀ \emptyset, ∖ \setminus, ⊂ \subset, ⊆ \subseteq,
    ± \pm, ∓ \mp, ° \degree, º \degree, ′ ', ’ ', ″ '', ‖ |, ∣ |, ∠ \angle, △ \triangle, ▵ \triangle, ⟨ \langle,
    ⟩ \rangle, 〈 \langle, 〉 \rangle, ⌊ \lfloor, ⌋ \rfloor, ⌈ \lceil, ⌉ \rceil, ∧ \land, ∨ \lor, → \to,
    ⇒ \implies, … \ldots, ⋯ \ldots, ℝ \Reals, ℤ \Integers, ℕ \Naturals, ℚ \Rationals, ℂ \Complexes, ∀ \forall,
    ∃ \exists, 。 ., ； ;, ： :, （ (, ） ), 【 [, 】 ], ％ %, ℃ \celsius, ∑ \sum, ∏ \prod, ∫ \int,
    ∂ \partial,
    ∇ \nabla,
    ⊥ \perp, ∥ \parallel, ℓ \ell, α \alpha, β \beta, γ \gamma, δ \delta, ε \epsilon, ζ \zeta, η \eta, θ \theta,
    ι \iota, κ \kappa, λ \lambda, μ \mu, ν \nu, ξ \xi, π \pi, ρ \rho, σ \sigma, τ \tau, υ \upsilon, φ \phi,
    χ \chi, ψ \psi, ω \omega, Γ \Gamma, Δ \Delta, Θ \Theta, Λ \Lambda, Ξ \Xi, Π \Pi, Σ \Sigma, Φ \Phi, Ψ \Psi,
    Ω \Omega, ϕ \phi, ϵ \epsilon, ϑ \theta, µ \mu
""")
"""Character → what it stands for."""
SYMBOLS["，"] = ","
SYMBOLS["∶"] = ":"
FRACTIONS = _pairs(r"""
    ½ 1/2, ⅓ 1/3, ⅔ 2/3, ¼ 1/4, ¾ 3/4, ⅕ 1/5, ⅖ 2/5, ⅗ 3/5, ⅘ 4/5, ⅙ 1/6, ⅚ 5/6, ⅐ 1/7, ⅛ 1/8, ⅜ 3/8, ⅝ 5/8,
    ⅞ 7/8, ⅑ 1/9, ⅒ 1/10
""")
SUPERSCRIPTS, SUBSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣ", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙᵢₓ"
ON_THE_LINE = "0123456789+-()nix"
"""What the characters of both are on the line."""
SAME_COMMAND = _pairs(r"""
    \nicefrac \frac, \sfrac \frac,
    \dfrac \frac, \tfrac \frac, \cfrac \frac, \dbinom \binom, \tbinom \binom, \leq \le, \leqslant \le, \leqq \le,
    \geq \ge, \geqslant \ge, \geqq \ge, \neq \ne, \lt <, \gt >, \varnothing \emptyset, \O \emptyset,
    \times \cdot, \ast \cdot, \bullet \cdot, \cdotp \cdot, \div /, \colon :, \lbrace \{, \rbrace \}, \lbrack [,
    \rbrack ], \lparen (, \rparen ), \lvert |, \rvert |, \vert |, \mid |, \| |, \Vert |, \lVert |, \rVert |,
    \wedge \land, \vee \lor, \dots \ldots, \cdots \ldots, \dotsc \ldots, \dotsb \ldots, \prime ', \% %,
    \rightarrow \to, \longrightarrow \to, \Rightarrow \implies, \Longrightarrow \implies, \simeq \approx,
    \cong \approx, \varepsilon \epsilon, \varphi \phi, \vartheta \theta, \varrho \rho, \tg \tan, \ctg \cot,
    \cotan \cot, \arctg \arctan, \backslash \setminus, \smallsetminus \setminus, \R \Reals, \Z \Integers,
    \N \Naturals, \Q \Rationals, \C \Complexes, \infin \infty, \deg \degree, \textdegree \degree,
    \bigtriangleup \triangle, \bigcup \cup, \bigcap \cap, \ldotp ., \measuredangle \angle, \euro \currency,
    \pounds \currency, \textdollar \currency, \$ \currency, \mathellipsis \ldots, \Leftrightarrow \iff,
    \And \land
""")
"""Command → the one it is the same as."""
NOTHING = _words(r"""
    \( \) \Big \Bigg \Biggl \Biggr \Bigl \Bigr \Large \bf \big \bigg \biggl \biggr \bigl \bigr \centering
    \displaystyle \ensuremath \hline \it \large \left \limits \mathstrut \middle \noindent \nolimits \nonumber
    \normalsize \relax \therefore \right \rm \scriptstyle \small \strut \textstyle
""")
"""Commands that say nothing."""
TRANSPARENT = _words(r"""
    \bm \boldsymbol \boxed \emph \fbox \hbox \mathbf \mathbin \mathcal \mathfrak \mathit \mathop
    \mathord \mathrel \mathscr \mathsf \pmb \ul \underline \vcenter
""")
"""Commands that change how their argument looks, not what it says."""
TEXT = _words(r"""
    \hbox \mathnormal \mathrm \mathtt \mbox \operatorname \operatorname* \roman \si \text \textbf \textit
    \textmd \textnormal \textrm \textsc \textsf \textsl \texttt \textup \unit
""")
"""Commands whose argument is words, or upright."""
DROPPED_WITH_ARGUMENT = _words(r"""
    \cline \color \hphantom \hskip \hspace \kern \label \mspace \phantom \tag \textcolor \vphantom \vspace
""")
BLACKBOARD = _pairs(r"""
    R \Reals, Z \Integers, N \Naturals, Q \Rationals, C \Complexes
""")
FUNCTIONS = _words(r"""
    Im Re acos arccos arccosh arccot arccsc arcosh arcsec arcsin arcsinh arctan arctanh arg arsinh artanh asin
    atan cis cos cosh cot coth csc csch deg det dim exp gcd inf ker lcm lg lim ln log max min mod rank sec sech sgn
    sign sin sinh sqrt sup tan tanh tr
""")
"""Names of functions, which may lack their backslash."""
SPELLED = _pairs(r"""
    pi \pi, infty \infty, infinity \infty, theta \theta, alpha \alpha, beta \beta, gamma \gamma, lambda \lambda,
    sqrt \sqrt, asin \arcsin, acos \arccos, atan \arctan, arcsinh \arsinh, arccosh \arcosh, arctanh \artanh,
    inf \infty, oo \infty, degrees \degree, degree \degree
""")
"""Words for symbols."""
KNOWN_WORDS = _words(r"""
    any billion cent centimeters cents cubic day days degree degrees dollar dollars even false feet foot gallon
    gallons gram grams hour hours hundred inch inches integer integers kilograms kilometers kilometres kph liter
    liters litres
    meter meters metre metres mile miles million minute minutes month months mph none odd pct percent
    percentage pound pounds second seconds square thousand trillion true unit units week weeks yard yards year years yes
""")
"""Letters outside of ``\\text`` that are always a word."""
COUNTED = _words("""
    arrangements choices euro euros gallons integers months numbers outcomes people points possibilities quarts rupees
    solutions students tons triangles values ways weeks year years yuan
""")
"""What is counted, and changes no number, whether the prompt has the word or not."""
MEASURES = _words("euro euros gallons months quarts rupees tons weeks year years yuan")
"""Those of them that measure: no years, where the prompt asks for dollars."""
LIMITS = _words("""
    about above almost approximately around at barely before below between beyond but down downwards except exactly
    exceeding fewer fewest from greater half hardly higher instead larger least less lower many minus more most nearly
    never no nor not only onwards or other over past plus roughly several since smaller some than through times to
    twice under unless until up upwards without
""")
"""Words after a number that make it another one, or a range: never what is counted, though a prompt may hold them."""
JOINED = _words("""
    m s g h L km cm mm kg mg lb lbs oz ft yd mi mph kph hr hrs ml mL cc kWh kJ kN Hz kHz Pa kPa
""")
"""Units that are written right behind a number: ``5cm``. Other letters there are factors."""
SIGNS = {"<=": r"\le", "=<": r"\le", ">=": r"\ge", "!=": r"\ne", ":=": "=", "==": "=", "=>": r"\implies", "->": r"\to"}
"""Two characters that are one sign."""
SPACING = frozenset(
    {r"\,", r"\;", r"\:", r"\!", r"\ ", r"\>", r"\quad", r"\qquad", r"\enspace", r"\thinspace", r"\space"}
)
INVISIBLE = "\u200b\u2060\ufeff\u2061\u2062"
UNIT_LETTERS = frozenset("mgshLJNWVAKCF")
"""Upright and after a space, as in ``\\mathrm{~m}``, these are units."""
