"""Mathematical answers: where they stand, what they say, and whether one is the gold.

How one completion is verified, in the order in which it happens:

==================== ===================================================================================================
``rewards/math``     The steps and the verdict.
``answer``           Finds the answer in the completion.
``reading``          What a text says: options, words, and mathematics …
``grammar``          … as a typed tree, made of canonical tokens. Text is never rewritten after that.
``compare``          The rules: a verdict by rule needs a complete reading of both sides.
``expression_rules`` Numbers exactly, quantities by what they measure, formulas …
``evaluate``         … by identity testing: both sides at seeded points, in high precision.
==================== ===================================================================================================

The rest is what these are made of. In ``grammar``: ``tokens`` and ``spelling`` (one spelling for what people write in
many), ``tree``, and the levels from ``factors`` to ``statements``. Of the rules: ``relation_rules``,
``collection_rules``, ``real_sets``, ``forms``; ``structure`` (trees up to order and neutral operations), ``exact``
(rational numbers), ``work`` (what is left to the reader). ``prompt`` says what the question asks for.
"""
