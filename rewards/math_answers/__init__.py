"""Mathematical answers: where they stand, what they say, and whether one is the gold.

How one completion is judged, in the order in which it happens:

================= ======================================================================================================
``rewards/math``  The steps and the verdict.
``answer``        Finds the answer in the completion.
``screen``        Refuses it for how it is written: too costly, work left undone, the question for an answer.
``reading``       Reads it, as the gold was: words, lists, sets, intervals, equations …
``scalars``       … whose parts are single values: numbers, quantities, formulas.
``compare``       Compares the two, rule by rule, and yields a question for each pair of formulas.
``symbolic``      Answers such a question, in a worker process.
================= ======================================================================================================

The rest is what these are made of: ``values``, the types that reading gives and comparing takes; ``latex``, one
spelling for each way to write a formula; ``pool`` and ``worker``, the processes in which ``symbolic`` runs.
"""
